using System.Numerics.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Tensors of 16-bit floats made from those of 32 bits.</summary>
internal static class HalfTensor
{
    /// <summary>ONNX's type for a format.</summary>
    public static TensorProto.Types.DataType TypeOf(HalfFormat format) =>
        format == HalfFormat.Float16 ? TensorProto.Types.DataType.Float16 : TensorProto.Types.DataType.Bfloat16;

    /// <summary>A tensor without name whose values are rounded to the nearest, half to even.</summary>
    /// <param name="tensor">A tensor of 32-bit floats.</param>
    /// <param name="format">The format.</param>
    public static TensorProto Make(TensorProto tensor, HalfFormat format)
    {
        ReadOnlySpan<float> values = tensor.ViewFloats();
        if (format == HalfFormat.Float16)
        {
            Half[] halves = new Half[values.Length];
            TensorPrimitives.ConvertToHalf(values, halves);
            return TensorData.Make<Half>(TypeOf(format), halves, tensor.Dims);
        }

        ushort[] bits = new ushort[values.Length];
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = ToBFloat16(values[i]);
        }

        return TensorData.Make<ushort>(TypeOf(format), bits, tensor.Dims);
    }

    /// <summary>The bits of the nearest bfloat16, half to even. NaN stays NaN.</summary>
    public static ushort ToBFloat16(float value)
    {
        const int Dropped = 16;
        const uint Quiet = 1 << 6;
        uint bits = BitConverter.SingleToUInt32Bits(value), upper = bits >> Dropped;
        return float.IsNaN(value) ? (ushort)(upper | Quiet) : (ushort)((bits + (1u << (Dropped - 1)) - 1 + (upper & 1)) >> Dropped);
    }
}
