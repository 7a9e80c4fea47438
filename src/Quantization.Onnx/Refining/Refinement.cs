namespace Quantization.Onnx;

/// <summary>
/// How a plan was refined on calibration samples, and what that gained on samples that were not used for fitting. The loss of a sample is
/// the mean over the model's outputs of <c>min(1, Σ(ŷ − y)² / Σy²)</c>, y being the float model's; of several samples the geometric mean
/// counts, so that no single one decides. Immutable.
/// </summary>
/// <param name="Samples">The samples that judged.</param>
/// <param name="LossBefore">Their loss before.</param>
/// <param name="LossAfter">Their loss after.</param>
public sealed record Refinement(int Samples, double LossBefore, double LossAfter)
{
    /// <summary>How many inputs of MatMul and Gemm had their columns scaled; see <see cref="QuantizationPlan.InputScalings"/>.</summary>
    public int ScaledInputs { get; init; }

    /// <summary>
    /// How many convolutions, and tables that are looked up, had their channels scaled; see <see cref="QuantizationPlan.ChannelScalings"/>.
    /// </summary>
    public int ScaledConvolutions { get; init; }

    /// <summary>How many layers had their bias corrected; see <see cref="NodePlan.BiasCorrection"/>.</summary>
    public int CorrectedBiases { get; init; }

    /// <summary>How many layers have weights rounded to fit the samples; see <see cref="NodePlan.RoundingOffsets"/>.</summary>
    public int LearnedLayers { get; init; }

    /// <summary>The activations that stay in float; see <see cref="QuantizationPlan.FloatActivations"/>.</summary>
    public IReadOnlyList<string> FloatActivations
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(FloatActivations));
    } = ValueList<string>.Empty;

    /// <summary>
    /// The activations whose codes cost most before any stayed in float, the costliest first; a group where its members were not
    /// distinguished. Empty where nothing was measured.
    /// </summary>
    public IReadOnlyList<ActivationCost> CostliestActivations
    {
        get;
        init => field = ValueList<ActivationCost>.Of(value, nameof(CostliestActivations));
    } = ValueList<ActivationCost>.Empty;

    /// <summary>The share of the multiply-accumulates on integers that still runs on integers.</summary>
    public double IntegerShare { get; init; } = 1;
}
