namespace Quantization.Benchmarks.VectorSearch;

/// <summary>The record of the measured collections.</summary>
internal sealed class StoredVector
{
    public int Id { get; set; }

    public float[]? Vector { get; set; }
}
