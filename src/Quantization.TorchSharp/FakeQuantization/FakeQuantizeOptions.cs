namespace Quantization.TorchSharp;

/// <summary>How one <see cref="FakeQuantize"/> maps its values.</summary>
public sealed record FakeQuantizeOptions
{
    /// <summary>The codes that are simulated. The default is 8 bits without sign.</summary>
    public CodeFormat Format { get; init; } = CodeFormat.UInt8;

    /// <summary>
    /// Which values share a scale: per-tensor (the default), per-channel, or in blocks along the last axis, whose length is a multiple of
    /// the block.
    /// </summary>
    public Granularity Granularity { get; init; }

    /// <summary>Affine (the default; the zero-point lies where real 0 is) or symmetric (the zero-point is 0).</summary>
    public QuantizationScheme Scheme { get; init; } = QuantizationScheme.Affine;

    /// <summary>Where the range comes from. The default is <see cref="RangeMode.Observed"/>.</summary>
    public RangeMode Range { get; init; }

    /// <summary>
    /// Whether the zero-point is learned with the scale (LSQ+, Bhalgat et al., 2020, arXiv:2004.09576): for activations with negative
    /// values, whose ends move apart in training. It is kept as a number, <c>offset</c>, and rounded where it is used. The default is
    /// false: the zero-point stays where the first batch or a calibrator put it. Only for a learned affine range, per-tensor.
    /// </summary>
    public bool LearnsOffset { get; init; }

    /// <summary>
    /// The share of a new batch in the moving average of the observed range, above 0 and at most 1:
    /// <c>range += Momentum · (batch − range)</c>. The default is 0.01; 1 takes the range of each batch as it is, which is what weights
    /// want.
    /// </summary>
    public double Momentum { get; init; } = 0.01;

    /// <summary>
    /// The training steps for which values pass unchanged and are only observed: a net that trains from nothing needs some before its
    /// ranges mean anything. The default is 0.
    /// </summary>
    public long StartStep { get; init; }

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Format);
        if (!(Momentum > 0 && Momentum <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Momentum), Momentum, "The share of a new batch must be above 0 and at most 1.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(StartStep);
        if (LearnsOffset
            && (Range != RangeMode.Learned || Scheme != QuantizationScheme.Affine || Granularity.Kind != GranularityKind.PerTensor))
        {
            throw new ArgumentException("An offset is learned beside a learned affine range of the whole tensor; set Range to Learned and "
                + "Scheme to Affine, or LearnsOffset to false.", nameof(LearnsOffset));
        }

        if (Format.StorageBits > 16)
        {
            throw new ArgumentException($"Fake quantization simulates 2 to 16 bits, not {Format}.", nameof(Format));
        }
    }
}
