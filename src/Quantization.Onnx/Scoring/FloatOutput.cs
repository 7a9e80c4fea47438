using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// An output of floats of any width, seen as 32-bit floats. Those of 16 bits have their equal, doubles are rounded to the nearest.
/// </summary>
internal readonly struct FloatOutput
{
    private readonly OrtValue? _value;
    private readonly float[]? _values;

    /// <param name="value">A tensor that <see cref="IsFloat"/>; it must live as long as the values are read.</param>
    public FloatOutput(OrtValue value)
    {
        _value = value;
        _values = value.GetTensorTypeAndShape().ElementDataType switch
        {
            TensorElementType.Float16 => Convert<Half>(value),
            TensorElementType.BFloat16 => [.. MemoryMarshal.Cast<BFloat16, ushort>(value.GetTensorDataAsSpan<BFloat16>())
                .ToArray().Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16))],
            TensorElementType.Double => Convert<double>(value),
            _ => null,
        };
    }

    /// <param name="values">Values that were kept.</param>
    public FloatOutput(float[] values) => _values = values;

    /// <summary>The values, row-major. Those of 32-bit floats are not copied.</summary>
    public ReadOnlySpan<float> Values => _values ?? _value!.GetTensorDataAsSpan<float>();

    /// <summary>Whether a value is a tensor of floats.</summary>
    public static bool IsFloat(OrtValue value) => value.IsTensor
        && value.GetTensorTypeAndShape().ElementDataType is TensorElementType.Float or TensorElementType.Float16
            or TensorElementType.BFloat16 or TensorElementType.Double;

    private static float[] Convert<T>(OrtValue value)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(value.GetTensorMutableRawData());
        float[] converted = new float[values.Length];
        TensorPrimitives.ConvertSaturating(values, converted);
        return converted;
    }
}
