namespace Quantization.Onnx;

/// <summary>A sample that workers read from a storage.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Kind">How it is stored.</param>
/// <param name="Files">Its files.</param>
internal sealed record StoredSample(string Name, SampleFileKind Kind, IReadOnlyList<StoredFile> Files)
{
    /// <summary>The class of the sample; null where it is not known.</summary>
    public int? Label { get; init; }

    /// <summary>Where the label was read; null where it was not read from a file.</summary>
    public string? LabelOrigin { get; init; }

    /// <summary>The most bytes that the values may take.</summary>
    public long MaxBytes { get; init; }
}
