namespace Quantization.Onnx;

/// <summary>Models measured side by side on the same samples. Immutable.</summary>
/// <param name="Reference">The model that the others are compared with, usually the float one.</param>
/// <param name="Candidates">The others, in the order given.</param>
/// <param name="Samples">The samples that every model ran; one that holds a batch counts once.</param>
/// <param name="LabelledSamples">How many of them have a label, and so count for accuracy.</param>
public sealed record EvaluationResult(ModelScore Reference, IReadOnlyList<ModelScore> Candidates, int Samples, int LabelledSamples);
