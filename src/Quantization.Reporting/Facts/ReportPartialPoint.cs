using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>A model between all layers quantized and none. Immutable.</summary>
/// <param name="FloatLayers">The layers left in float, in the order in which they run.</param>
/// <param name="Score">The metric's figure.</param>
/// <param name="SignalToNoise">The SQNR of the worst output in dB.</param>
/// <param name="Int8Share">The share of the multiply-accumulates that run on integers, 0 … 1.</param>
/// <param name="Bytes">The size of its file.</param>
/// <param name="LatencyRatio">The median time of a run in multiples of the int8 model's; null where it was not measured.</param>
/// <param name="IsWritten">Whether it is the model that was written.</param>
public sealed record ReportPartialPoint(
    IReadOnlyList<string> FloatLayers,
    double Score,
    double SignalToNoise,
    double Int8Share,
    long Bytes,
    double? LatencyRatio,
    bool IsWritten)
{
    /// <summary>The layers left in float, in the order in which they run.</summary>
    public IReadOnlyList<string> FloatLayers
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(FloatLayers));
    } = ValueList<string>.Of(FloatLayers, nameof(FloatLayers));

    /// <summary>
    /// The layers that compute in float with int8 weights, in the order in which they run; those beside activations in float are not among
    /// them.
    /// </summary>
    public IReadOnlyList<string> WeightOnlyLayers
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(WeightOnlyLayers));
    } = ValueList<string>.Empty;

    /// <summary>The activations that stay in float.</summary>
    public IReadOnlyList<string> FloatActivations
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(FloatActivations));
    } = ValueList<string>.Empty;
}
