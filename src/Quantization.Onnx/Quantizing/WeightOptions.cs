namespace Quantization.Onnx;

/// <summary>How the weights of one node are quantized, where they are to differ from the others'. Immutable.</summary>
public sealed record WeightOptions
{
    private readonly GranularityKind? _granularity;

    /// <summary>
    /// One scale for each output channel, or one for the tensor; null, the default, for <see cref="PtqOptions.WeightGranularity"/>.
    /// </summary>
    /// <exception cref="ArgumentException">Blocks, which ONNX Runtime does not run as integers.</exception>
    public GranularityKind? Granularity
    {
        get => _granularity;
        init => _granularity = value is null ? null : new PtqOptions { WeightGranularity = value.Value }.WeightGranularity;
    }

    /// <summary>
    /// Chooses the range of each channel's weights, or of the tensor's; null, the default, for <see cref="PtqOptions.WeightCalibrator"/>.
    /// </summary>
    public ICalibrator? Calibrator { get; init; }
}
