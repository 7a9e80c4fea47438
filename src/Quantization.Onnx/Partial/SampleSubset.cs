using System.Collections;

namespace Quantization.Onnx;

/// <summary>Some of a source's samples, evenly spread.</summary>
/// <param name="all">The source.</param>
/// <param name="total">How many samples it has.</param>
/// <param name="take">How many to take.</param>
internal sealed class SampleSubset(ISampleSource all, int total, int take) : ISampleSource
{
    public int? Count => take;

    public IEnumerator<ModelSample> GetEnumerator() =>
        all.Where((_, i) => (long)i * take / total != ((long)i - 1) * take / total || i == 0).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
