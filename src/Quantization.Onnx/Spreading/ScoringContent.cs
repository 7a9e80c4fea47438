namespace Quantization.Onnx;

/// <summary>What the trials of a search share.</summary>
/// <param name="ModelName">What messages call the model.</param>
/// <param name="ModelSha256">The fingerprint of the float model's file.</param>
/// <param name="Reference">The model whose outputs are the reference.</param>
/// <param name="Metric">What ranks.</param>
/// <param name="BatchSize">How many samples are joined in a run.</param>
/// <param name="Fingerprint">See <see cref="TrialScorer.Fingerprint"/>: a worker whose own differs would score something else.</param>
/// <param name="Samples">The scoring samples.</param>
internal sealed record ScoringContent(
    string ModelName, string ModelSha256, StoredFile Reference, StoredMetric Metric, int BatchSize, string Fingerprint,
    IReadOnlyList<StoredSample> Samples);
