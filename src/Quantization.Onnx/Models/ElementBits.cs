using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>How many bits ONNX's element types take.</summary>
internal static class ElementBits
{
    /// <summary>The bits of one element; null for text and for types that came after ONNX 1.19.</summary>
    public static int? Of(int dataType) => dataType switch
    {
        21 or 22 or 23 => 4, // uint4, int4, float4e2m1
        2 or 3 or 9 => 8, // uint8, int8, bool
        17 or 18 or 19 or 20 or 24 => 8, // float8 in five kinds
        4 or 5 or 10 or 16 => 16, // uint16, int16, float16, bfloat16
        1 or 6 or 12 => 32, // float, int32, uint32
        7 or 11 or 13 or 14 => 64, // int64, double, uint64, complex64
        15 => 128, // complex128
        _ => null,
    };

    /// <summary>
    /// The bytes of a tensor's elements, those of less than a byte packed; null where the type is not known or the shape makes no sense.
    /// </summary>
    public static Int128? BytesOf(TensorProto tensor) =>
        Of(tensor.DataType) is { } bits && tensor.CountElements() is { } elements ? ((Int128)elements * bits + 7) / 8 : null;
}
