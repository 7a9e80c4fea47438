using System.Collections;

namespace Quantization.Onnx;

/// <summary>Samples that are read just once, of which the first is kept.</summary>
internal sealed class FirstSampleKeeper(ISampleSource samples) : ISampleSource
{
    /// <summary>The first sample; null as long as it has not been read.</summary>
    public ModelSample? First { get; private set; }

    public int? Count => samples.Count;

    public IEnumerator<ModelSample> GetEnumerator()
    {
        foreach (ModelSample sample in samples)
        {
            First ??= sample;
            yield return sample;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
