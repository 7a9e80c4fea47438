using System.Collections;

namespace Quantization.Onnx;

/// <summary>Makes sample sources of other collections.</summary>
public static class SampleSource
{
    /// <summary>
    /// The samples of a collection or a query, which is enumerated again each time: it must give the same samples in the same order.
    /// </summary>
    /// <param name="samples">The samples.</param>
    /// <param name="count">How many there are; null for the collection's count, or unknown for a query.</param>
    public static ISampleSource FromEnumerable(IEnumerable<ModelSample> samples, int? count = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return new EnumerableSamples(samples, count ?? (samples.TryGetNonEnumeratedCount(out int known) ? known : null));
    }

    private sealed class EnumerableSamples(IEnumerable<ModelSample> samples, int? count) : ISampleSource
    {
        public int? Count => count;

        public IEnumerator<ModelSample> GetEnumerator() => samples.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
