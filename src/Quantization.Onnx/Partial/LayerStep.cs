namespace Quantization.Onnx;

/// <summary>
/// A change that makes a model more accurate, tried before whole layers are left in float. Immutable. 16-bit activations are not offered:
/// ONNX Runtime does not fuse them, so they run slower than float.
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
    public static LayerStep PerChannelWeights { get; } = new(
        "weights per channel", new WeightOptions { Granularity = GranularityKind.PerChannel }, null);

    /// <summary>
    /// The activations that cost most stay in float, and the layers beside them compute in float with int8 weights. This step is for the
    /// model as a whole, after the steps of single layers: what one activation costs shows only beside the others.
    /// </summary>
    public static LayerStep FloatActivations { get; } = new("activations in float", null, null);

    /// <summary>
    /// The layer computes in float with int8 weights: nearly as accurate as float, at a quarter of the size. Used for layers that would
    /// otherwise stay in float.
    /// </summary>
    public static LayerStep WeightOnly { get; } = new("int8 weights alone", null, null);

    /// <summary>What reports call it.</summary>
    public string Name { get; }

    /// <summary>How the layer's weights are quantized; null where the step leaves them as they are.</summary>
    public WeightOptions? Weights { get; }

    /// <summary>
    /// Chooses the ranges of what the layer reads and, where it becomes codes, of its result; null where the step leaves them as they are.
    /// Other layers that read the same values read the same codes.
    /// </summary>
    public ICalibrator? Activations { get; }

    /// <summary>Whether the step changes how one layer is quantized that runs on integers.</summary>
    internal bool IsOfOneLayer => Weights is not null || Activations is not null;

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
