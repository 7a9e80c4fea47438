using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>The element types that a sample can have: numbers of whole bytes, and bool.</summary>
internal static class SampleElementType
{
    /// <summary>The ONNX element type of a .NET type.</summary>
    public static TensorElementType Of<T>()
        where T : unmanaged => default(T) switch
        {
            float => TensorElementType.Float,
            double => TensorElementType.Double,
            Half or Float16 => TensorElementType.Float16,
            BFloat16 => TensorElementType.BFloat16,
            bool => TensorElementType.Bool,
            sbyte => TensorElementType.Int8,
            byte => TensorElementType.UInt8,
            short => TensorElementType.Int16,
            ushort => TensorElementType.UInt16,
            int => TensorElementType.Int32,
            uint => TensorElementType.UInt32,
            long => TensorElementType.Int64,
            ulong => TensorElementType.UInt64,
            _ => throw new NotSupportedException(
                $"{typeof(T)} is not an element type of ONNX tensors; use float, double, Half, bool or an integer of 8 to 64 bits."),
        };

    /// <summary>The bytes of one element; 0 where a sample cannot have this type.</summary>
    public static int SizeOf(TensorElementType type) => type switch
    {
        TensorElementType.Bool or TensorElementType.Int8 or TensorElementType.UInt8 => 1,
        TensorElementType.Float16 or TensorElementType.BFloat16 or TensorElementType.Int16 or TensorElementType.UInt16 => 2,
        TensorElementType.Float or TensorElementType.Int32 or TensorElementType.UInt32 => 4,
        TensorElementType.Double or TensorElementType.Int64 or TensorElementType.UInt64 => 8,
        _ => 0,
    };

    /// <summary>The type's name as ONNX and NumPy spell it: <c>float32</c>, <c>uint8</c>.</summary>
    public static string NameOf(TensorElementType type) => type switch
    {
        TensorElementType.Float => "float32",
        TensorElementType.Double => "float64",
        _ => type.ToString().ToLowerInvariant(),
    };
}
