using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>What partial quantization did with one layer. Immutable.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its operator.</param>
/// <param name="State">How it was left.</param>
/// <param name="Steps">The steps that it took instead of float, by name.</param>
/// <param name="ComputeShare">Its share of the multiply-accumulates of all layers that can be quantized, 0 … 1.</param>
/// <param name="Sensitivities">
/// How sensitive it is by each of <see cref="ReportPartial.Rankings"/>, in their order, as <see cref="RankedLayer.Sensitivity"/> says;
/// larger is more sensitive.
/// </param>
/// <param name="ScoreWithout">
/// What the model would score with this layer quantized as to begin with and all else as written; null where nothing was done for it.
/// </param>
/// <param name="Reason">The measured reason, in a sentence; null where nothing was done for it.</param>
public sealed record ReportPartialLayer(
    string Node,
    string Operator,
    ReportLayerState State,
    IReadOnlyList<string> Steps,
    double ComputeShare,
    IReadOnlyList<double> Sensitivities,
    double? ScoreWithout,
    string? Reason)
{
    /// <summary>The steps that it took instead of float, by name.</summary>
    public IReadOnlyList<string> Steps
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(Steps));
    } = ValueList<string>.Of(Steps, nameof(Steps));

    /// <summary>
    /// How sensitive it is by each of <see cref="ReportPartial.Rankings"/>, in their order, as <see cref="RankedLayer.Sensitivity"/> says;
    /// larger is more sensitive.
    /// </summary>
    public IReadOnlyList<double> Sensitivities
    {
        get;
        init => field = ValueList<double>.Of(value, nameof(Sensitivities));
    } = ValueList<double>.Of(Sensitivities, nameof(Sensitivities));
}
