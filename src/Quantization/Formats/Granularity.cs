using System.Globalization;

namespace Quantization;

/// <summary>
/// Which values share a scale and a zero-point. <c>default</c> is <see cref="PerTensor"/>. The shapes are those of ONNX QuantizeLinear.
/// </summary>
/// <example>
/// A weight of shape [64, 128]: per-tensor has parameters of shape [], per-channel on axis 0 of shape [64], per-block of 32 on axis 1 of
/// shape [64, 4].
/// </example>
public readonly record struct Granularity
{
    private Granularity(GranularityKind kind, int axis, int blockSize)
    {
        Kind = kind;
        Axis = axis;
        BlockSize = blockSize;
    }

    /// <summary>One scale for the tensor.</summary>
    public static Granularity PerTensor => default;

    /// <summary>Per-tensor, per-channel or per-block.</summary>
    public GranularityKind Kind { get; }

    /// <summary>The axis of channels or blocks; 0 where per-tensor. A negative axis counts from the last, as in ONNX.</summary>
    public int Axis { get; }

    /// <summary>The values of a block; 0 unless per-block.</summary>
    public int BlockSize { get; }

    /// <summary>One scale for each index along <paramref name="axis"/>.</summary>
    public static Granularity PerChannel(int axis) => new(GranularityKind.PerChannel, axis, 0);

    /// <summary>
    /// One scale for each run of <paramref name="blockSize"/> values along <paramref name="axis"/>; the last block may be shorter.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="blockSize"/> is not positive.</exception>
    public static Granularity PerBlock(int axis, int blockSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockSize);
        return new(GranularityKind.PerBlock, axis, blockSize);
    }

    /// <summary>
    /// The shape of the scales for a tensor of shape <paramref name="tensorShape"/>: [] per-tensor, [C] per-channel, the tensor's with the
    /// axis divided by the block size, rounded up, per-block.
    /// </summary>
    /// <exception cref="ArgumentException">The tensor has no such axis.</exception>
    public nint[] GetParameterShape(ReadOnlySpan<nint> tensorShape)
    {
        if (Kind == GranularityKind.PerTensor)
        {
            return [];
        }

        int axis = GetAxis(tensorShape.Length);
        if (Kind == GranularityKind.PerChannel)
        {
            return [tensorShape[axis]];
        }

        nint[] shape = tensorShape.ToArray();
        shape[axis] = (shape[axis] + BlockSize - 1) / BlockSize;
        return shape;
    }

    /// <summary>The axis counted from the first, for a tensor of <paramref name="rank"/> dimensions.</summary>
    /// <exception cref="ArgumentException">The tensor has no such axis.</exception>
    public int GetAxis(int rank)
    {
        int axis = Axis < 0 ? Axis + rank : Axis;
        if (axis < 0 || axis >= rank)
        {
            throw new ArgumentException($"{this} needs a tensor with an axis {Axis}; this one has {rank} dimensions.", nameof(rank));
        }

        return axis;
    }

    /// <summary>For example <c>PerBlock(axis 1, 32 values)</c>.</summary>
    public override string ToString() => Kind switch
    {
        GranularityKind.PerTensor => "PerTensor",
        GranularityKind.PerChannel => string.Create(CultureInfo.InvariantCulture, $"PerChannel(axis {Axis})"),
        _ => string.Create(CultureInfo.InvariantCulture, $"PerBlock(axis {Axis}, {BlockSize} values)"),
    };
}
