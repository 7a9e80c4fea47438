using System.Collections;
using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Deals samples into those to calibrate on and those to score with, so that none does both.</summary>
public static class SampleSplit
{
    /// <summary>Deals by position: the first of every <paramref name="turn"/> samples calibrates, the others score. The same samples are always dealt the same way.</summary>
    /// <param name="samples">The samples; they are read when the parts are enumerated.</param>
    /// <param name="turn">At least 2; 4, the default, calibrates on a quarter.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="turn"/> is below 2.</exception>
    /// <exception cref="ArgumentException">There is just one sample, or none.</exception>
    public static (ISampleSource Calibration, ISampleSource Scoring) Deal(ISampleSource samples, int turn = 4)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(turn, 2);
        if (samples.Count < 2)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"There is {samples.Count} sample; two are needed, one to calibrate on and one to score with."), nameof(samples));
        }

        return (new Part(samples, turn, calibrates: true), new Part(samples, turn, calibrates: false));
    }

    private sealed class Part(ISampleSource whole, int turn, bool calibrates) : ISampleSource
    {
        public int? Count => whole.Count is not { } count ? null : calibrates ? (count + turn - 1) / turn : count - (count + turn - 1) / turn;

        public IEnumerator<ModelSample> GetEnumerator() => whole.Where((_, position) => position % turn == 0 == calibrates).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
