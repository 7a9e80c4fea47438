using System.Collections;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The first few of some samples.</summary>
internal sealed class FirstSamples(ISampleSource samples, int most) : ISampleSource
{
    public int? Count => samples.Count is { } count ? Math.Min(count, most) : null;

    public IEnumerator<ModelSample> GetEnumerator() => samples.Take(most).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
