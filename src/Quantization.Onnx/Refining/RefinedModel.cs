namespace Quantization.Onnx;

/// <summary>A plan with the model and the statistics that it is for.</summary>
/// <param name="Model">The float model, its channels scaled as the plan says.</param>
/// <param name="Calibration">What was observed of it.</param>
/// <param name="Plan">The plan.</param>
/// <param name="Earlier">The ranges of the model that this one was made from; null where it is the first.</param>
internal sealed record RefinedModel(FloatModel Model, ModelCalibration Calibration, QuantizationPlan Plan, ActivationRanges? Earlier = null)
{
    /// <summary>What was improved; null where nothing was tried.</summary>
    public Refinement? Refinement { get; init; }

    /// <summary>Makes the quantized models. Other plans for the same model share it, and with it the ranges that were found.</summary>
    public TrialModels Models { get; } = new(Model, Calibration, Earlier);
}
