using Quantization.Onnx;

namespace Quantization.TorchSharp;

/// <summary>The bits of one layer and how its ranges come about.</summary>
public sealed record LayerQuantization
{
    /// <summary>Bits of the weights, 2 to 8. The default is 8. Weights are symmetric, restricted to ±(2^(bits−1) − 1).</summary>
    public int WeightBits { get; init; } = 8;

    /// <summary>Bits of the activations that go into the layer, 2 to 8. The default is 8. Activations are affine, without sign.</summary>
    public int ActivationBits { get; init; } = 8;

    /// <summary>
    /// Whether the activations that go into the layer are quantized (the default); false where the weights alone become codes.
    /// </summary>
    public bool QuantizesActivations { get; init; } = true;

    /// <summary>
    /// One scale for each output channel (the default), one for the tensor, or, in a Linear, one for each block of <see cref="BlockSize"/>
    /// weights of a channel. Activations always have one.
    /// </summary>
    public GranularityKind WeightGranularity { get; init; } = GranularityKind.PerChannel;

    /// <summary>
    /// The weights of a channel that share a scale where <see cref="WeightGranularity"/> is in blocks: 16, 32 (the default), 64, 128 or
    /// 256.
    /// </summary>
    public int BlockSize { get; init; } = 32;

    /// <summary>
    /// Where the weights' range comes from. The default is <see cref="RangeMode.Observed"/>; <see cref="RangeMode.Learned"/> is better at 4
    /// bits and below.
    /// </summary>
    public RangeMode WeightRange { get; init; }

    /// <summary>
    /// Where the activations' range comes from. The default is <see cref="RangeMode.Observed"/>; <see cref="RangeMode.Learned"/> is better
    /// at 4 bits and below.
    /// </summary>
    public RangeMode ActivationRange { get; init; }

    /// <summary>
    /// Whether the activations' zero-point is learned too; see <see cref="FakeQuantizeOptions.LearnsOffset"/>. The default is false. Only
    /// with a learned range of activations.
    /// </summary>
    public bool LearnsActivationOffset { get; init; }

    /// <summary>
    /// The share of a new batch in the moving average of observed activations; see <see cref="FakeQuantizeOptions.Momentum"/>. The default
    /// is 0.01.
    /// </summary>
    public double ActivationMomentum { get; init; } = 0.01;

    /// <summary>
    /// The training steps before values are quantized; see <see cref="FakeQuantizeOptions.StartStep"/>. The default is 0.
    /// </summary>
    public long StartStep { get; init; }

    /// <summary>8 bits for weights and activations, ranges observed.</summary>
    public static LayerQuantization EightBits { get; } = new();

    /// <summary>As many bits for weights as for activations, with learned ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 2 or more than 8 bits.</exception>
    public static LayerQuantization Learned(int weightBits, int activationBits) =>
        new LayerQuantization
        {
            WeightBits = weightBits,
            ActivationBits = activationBits,
            WeightRange = RangeMode.Learned,
            ActivationRange = RangeMode.Learned
        }.Checked();

    /// <summary>
    /// Weights alone, in blocks: what language models are trained with. Such layers are exported in the form that ONNX Runtime runs as
    /// MatMulNBits.
    /// </summary>
    /// <param name="weightBits">Bits of the weights: 4, or 8.</param>
    /// <param name="blockSize">The weights of a channel that share a scale.</param>
    /// <exception cref="ArgumentException">Other bits, or a size that ONNX Runtime does not take.</exception>
    public static LayerQuantization WeightOnly(int weightBits = 4, int blockSize = 32) => new LayerQuantization
    {
        WeightBits = weightBits,
        WeightGranularity = GranularityKind.PerBlock,
        BlockSize = blockSize,
        QuantizesActivations = false,
    }.Checked();

    internal LayerQuantization Checked()
    {
        CheckBits(WeightBits, nameof(WeightBits));
        CheckBits(ActivationBits, nameof(ActivationBits));
        return WeightGranularity != GranularityKind.PerBlock || (BlockLayout.IsSize(BlockSize) && WeightBits is 4 or 8) ? this
            : throw new ArgumentException($"Weights in blocks take 4 or 8 bits, and blocks of {string.Join(", ", BlockLayout.Sizes)} "
                + $"weights; not {WeightBits} bits in blocks of {BlockSize}.");
    }

    internal FakeQuantizeOptions ForWeights(int channelAxis) => new()
    {
        Format = CodeFormat.Signed(WeightBits),
        Granularity = WeightGranularity switch
        {
            GranularityKind.PerChannel => Granularity.PerChannel(channelAxis),
            GranularityKind.PerBlock => Granularity.PerBlock(1, BlockSize),
            _ => Granularity.PerTensor,
        },
        Scheme = QuantizationScheme.Symmetric,
        Range = WeightRange,
        Momentum = 1,
        StartStep = StartStep,
    };

    internal FakeQuantizeOptions ForActivations() => new()
    {
        Format = CodeFormat.Unsigned(ActivationBits),
        Scheme = QuantizationScheme.Affine,
        Range = ActivationRange,
        LearnsOffset = LearnsActivationOffset,
        Momentum = ActivationMomentum,
        StartStep = StartStep,
    };

    private static void CheckBits(int bits, string name)
    {
        if (bits is < 2 or > 8)
        {
            throw new ArgumentOutOfRangeException(name, bits, "A layer is trained with 2 to 8 bits.");
        }
    }
}
