using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The codes of blocks, and how their ranges are found.</summary>
/// <param name="LargestCode">The largest code in use; the smallest is 0.</param>
/// <param name="IsAffine">Whether each block has a zero point of its own. Otherwise it is the middle, 2^(bits − 1).</param>
/// <param name="Middle">The zero point of blocks that have none of their own.</param>
/// <param name="ScaleType">The type of float that scales are stored in.</param>
/// <param name="IsSearched">Whether the range of a block minimizes the squared error. Otherwise it holds all its weights.</param>
internal readonly record struct BlockGrid(int LargestCode, bool IsAffine, int Middle, TensorProto.Types.DataType ScaleType, bool IsSearched)
{
    /// <summary>The grid of an encoding.</summary>
    /// <param name="encoding">An encoding in blocks.</param>
    /// <param name="scaleType">The type of float that scales are stored in.</param>
    public static BlockGrid Of(TensorEncoding encoding, TensorProto.Types.DataType scaleType) => new(
        encoding.Format.MaxCode,
        encoding.Scheme == QuantizationScheme.Affine,
        (encoding.Format.MaxCode + 1) / 2,
        scaleType,
        encoding.Range is OwnRange { Calibrator: MseCalibrator });

    /// <summary>A scale as it is stored: rounded to its type, and 1 in the place of 0.</summary>
    public float ToStored(float scale)
    {
        float stored = ScaleType switch
        {
            TensorProto.Types.DataType.Float16 => (float)(Half)scale,
            TensorProto.Types.DataType.Bfloat16 => BitConverter.UInt32BitsToSingle((uint)HalfTensor.ToBFloat16(scale) << 16),
            _ => scale,
        };
        return stored == 0 ? 1 : stored;
    }
}
