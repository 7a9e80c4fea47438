namespace Quantization.Onnx;

/// <summary>How far an evaluation has come.</summary>
/// <param name="Samples">The samples that every model has run.</param>
/// <param name="Total">The samples there are; null where the source does not know.</param>
public readonly record struct EvaluationProgress(int Samples, int? Total);
