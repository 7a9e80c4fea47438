namespace Quantization.Onnx;

/// <summary>What a worker has to know of a trial.</summary>
/// <param name="Versions">The versions that the client runs.</param>
/// <param name="Scoring">What all trials of a search share: the file of a <see cref="ScoringContent"/>.</param>
/// <param name="Model">The model to score.</param>
/// <param name="Simulate">See <see cref="TrialModel.Simulate"/>.</param>
internal sealed record TrialContent(string Versions, StoredFile Scoring, StoredFile Model, bool Simulate);
