namespace Quantization.Onnx;

/// <summary>A model between all layers quantized and none. Immutable.</summary>
/// <param name="FloatLayers">The layers left in float, in the order in which they run.</param>
/// <param name="Options">What gives the model: <see cref="PostTrainingQuantizer"/> writes it of these and <see cref="TrialsResult.Calibration"/>.</param>
/// <param name="Score">What it scores on all scoring samples.</param>
/// <param name="Int8Share">The share of the multiply-accumulates that run on integers, 0 … 1, of those of all layers that can be quantized.</param>
/// <param name="ModelBytes">The size of its file.</param>
public sealed record PartialPoint(IReadOnlyList<string> FloatLayers, PtqOptions Options, TrialScore Score, double Int8Share, long ModelBytes)
{
    /// <summary>The layers left in float, in the order in which they run.</summary>
    public IReadOnlyList<string> FloatLayers
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(FloatLayers));
    } = ValueList<string>.Of(FloatLayers, nameof(FloatLayers));

    /// <summary>The median time of a run in multiples of the int8 model's; null where latency was not measured.</summary>
    public double? LatencyRatio { get; init; }
}
