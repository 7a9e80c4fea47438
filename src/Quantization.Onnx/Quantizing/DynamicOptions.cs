namespace Quantization.Onnx;

/// <summary>How <see cref="DynamicQuantizer"/> quantizes a model. Immutable; derive one from another with <c>with</c>.</summary>
public sealed record DynamicOptions : DataFreeOptions
{
    private readonly PtqOptions _weights = new();

    /// <summary>
    /// One scale for each output channel of the weights, the default, or one for the tensor, which is smaller and less accurate.
    /// </summary>
    /// <exception cref="ArgumentException">Blocks, which ONNX Runtime does not run as integers.</exception>
    public GranularityKind WeightGranularity
    {
        get => _weights.WeightGranularity;
        init => _weights = _weights with { WeightGranularity = value };
    }

    /// <inheritdoc cref="PtqOptions.WeightFormat"/>
    public CodeFormat WeightFormat
    {
        get => _weights.WeightFormat;
        init => _weights = _weights with { WeightFormat = value };
    }

    /// <inheritdoc />
    private protected override bool CanImprove => true;

    /// <inheritdoc />
    internal override IRecipe ToRecipe() =>
        new DynamicInt8Recipe
        {
            ExcludedNodes = FloatNodes,
            Calibrator = WeightCalibrator,
            Granularity = WeightGranularity,
            WeightFormat = _weights.StoredWeightFormat
        };

    /// <inheritdoc />
    internal override PtqOptions ToPtqOptions() =>
        base.ToPtqOptions() with { WeightGranularity = WeightGranularity, WeightFormat = WeightFormat };
}
