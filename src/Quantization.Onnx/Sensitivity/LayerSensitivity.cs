namespace Quantization.Onnx;

/// <summary>What the measures say of one weighted layer. Immutable.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its operator, such as <c>Conv</c>.</param>
/// <param name="Cost">Its share in the model.</param>
/// <param name="Noise">What statistics alone say; null where <see cref="SensitivityMeasure.EstimatedNoise"/> was not asked for.</param>
/// <param name="Scores">What the model scored by each measure that runs models.</param>
public sealed record LayerSensitivity(
    string Node, string Operator, LayerCost Cost, LayerNoiseEstimate? Noise, IReadOnlyDictionary<SensitivityMeasure, TrialScore> Scores)
{
    /// <summary>What the model scored by each measure that runs models.</summary>
    public IReadOnlyDictionary<SensitivityMeasure, TrialScore> Scores
    {
        get;
        init => field = ValueDictionary<SensitivityMeasure, TrialScore>.Of(value, nameof(Scores));
    } = ValueDictionary<SensitivityMeasure, TrialScore>.Of(Scores, nameof(Scores));
}
