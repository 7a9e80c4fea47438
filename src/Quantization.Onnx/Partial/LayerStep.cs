namespace Quantization.Onnx;

/// <summary>
/// Something that makes one layer more exact and lets it run on integers all the same, to be tried before the layer is left in float. Immutable. 16-bit activations are none: ONNX Runtime does not fuse them, so they run slower than
/// float.
/// </summary>
public sealed record LayerStep
{
    private LayerStep(string name, WeightOptions? weights, ICalibrator? activations)
    {
        Name = name;
        Weights = weights;
        Activations = activations;
    }

    /// <summary>The layer's weights get one scale for each output channel.</summary>
    public static LayerStep PerChannelWeights { get; } = new("weights per channel", new WeightOptions { Granularity = GranularityKind.PerChannel }, null);

    /// <summary>What reports call it.</summary>
    public string Name { get; }

    /// <summary>How the layer's weights are quantized; null where the step leaves them as they are.</summary>
    public WeightOptions? Weights { get; }

    /// <summary>Chooses the ranges of what the layer reads and, where it becomes codes, of its result; null where the step leaves them as they are. Other layers that read the same values read the same codes.</summary>
    public ICalibrator? Activations { get; }

    /// <summary>Another calibrator chooses the range of the layer's weights.</summary>
    public static LayerStep WeightsBy(ICalibrator calibrator)
    {
        ArgumentNullException.ThrowIfNull(calibrator);
        return new LayerStep($"weights by {calibrator.Name}", new WeightOptions { Calibrator = calibrator }, null);
    }

    /// <summary>Another calibrator chooses the ranges of the layer's activations.</summary>
    public static LayerStep ActivationsBy(ICalibrator calibrator)
    {
        ArgumentNullException.ThrowIfNull(calibrator);
        return new LayerStep($"activations by {calibrator.Name}", null, calibrator);
    }

    /// <summary>The step's name.</summary>
    public override string ToString() => Name;
}
