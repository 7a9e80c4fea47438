namespace Quantization.Onnx;

/// <summary>What was done for one layer, and why. Immutable.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its operator, such as <c>Conv</c>.</param>
/// <param name="Cost">Its share in the model.</param>
/// <param name="Steps">The steps that were taken instead of float; empty where the layer is left in float.</param>
/// <param name="IsFloat">Whether the layer is left in float.</param>
/// <param name="Without">The score of the model that was written, but with this layer quantized as at the start.</param>
/// <param name="Reason">The measured reason, in a sentence.</param>
public sealed record LayerChange(
    string Node, string Operator, LayerCost Cost, IReadOnlyList<LayerStep> Steps, bool IsFloat, TrialScore Without, string Reason)
{
    /// <summary>The steps that were taken instead of float; empty where the layer is left in float.</summary>
    public IReadOnlyList<LayerStep> Steps
    {
        get;
        init => field = ValueList<LayerStep>.Of(value, nameof(Steps));
    } = ValueList<LayerStep>.Of(Steps, nameof(Steps));
}
