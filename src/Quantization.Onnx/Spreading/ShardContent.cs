namespace Quantization.Onnx;

/// <summary>What a worker has to know of a shard.</summary>
/// <param name="Versions">The versions that the client runs.</param>
/// <param name="ModelName">What messages call the model.</param>
/// <param name="Model">The float model's file.</param>
/// <param name="Options">How it is calibrated.</param>
/// <param name="Samples">The samples.</param>
internal sealed record ShardContent(
    string Versions, string ModelName, StoredFile Model, ShardOptions Options, IReadOnlyList<StoredSample> Samples);
