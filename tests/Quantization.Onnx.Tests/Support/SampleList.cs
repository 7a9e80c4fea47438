using System.Collections;

namespace Quantization.Onnx.Tests;

/// <summary>Samples in memory, which counts how often they are asked for.</summary>
internal sealed class SampleList(IReadOnlyList<ModelSample> samples) : ISampleSource
{
    public int? Count => samples.Count;

    public int Enumerations { get; private set; }

    public IEnumerator<ModelSample> GetEnumerator()
    {
        Enumerations++;
        return samples.GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
