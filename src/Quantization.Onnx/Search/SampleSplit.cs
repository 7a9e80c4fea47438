using System.Collections;
using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Splits samples into those to calibrate on and those to score with, so that no sample is used for both.</summary>
public static class SampleSplit
{
    /// <summary>How many samples calibrate before further ones are more useful to score with.</summary>
    private const int EvenlyDealt = 256;

    /// <summary>
    /// Deals by position: of the first 256 samples every other one calibrates, of those behind the first of every four; the others score.
    /// The same samples are always dealt the same way.
    /// </summary>
    /// <param name="samples">The samples; they are read when the parts are enumerated.</param>
    /// <exception cref="ArgumentException">There is just one sample, or none.</exception>
    public static (ISampleSource Calibration, ISampleSource Scoring) Deal(ISampleSource samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return Deal(samples, position => position % (position < EvenlyDealt ? 2 : 4) == 0);
    }

    /// <summary>
    /// Deals by position: the first of every <paramref name="turn"/> samples calibrates, the others score. The same samples are always
    /// dealt the same way.
    /// </summary>
    /// <param name="samples">The samples; they are read when the parts are enumerated.</param>
    /// <param name="turn">At least 2; 4 calibrates on a quarter.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="turn"/> is below 2.</exception>
    /// <exception cref="ArgumentException">There is just one sample, or none.</exception>
    public static (ISampleSource Calibration, ISampleSource Scoring) Deal(ISampleSource samples, int turn)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(turn, 2);
        return Deal(samples, position => position % turn == 0);
    }

    private static (ISampleSource Calibration, ISampleSource Scoring) Deal(ISampleSource samples, Func<int, bool> calibrates) =>
        samples.Count < 2
            ? throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"There is {samples.Count} sample; two are needed, one to calibrate on and one to score with."),
                nameof(samples))
            : (new Part(samples, calibrates), new Part(samples, position => !calibrates(position)));

    private sealed class Part(ISampleSource whole, Func<int, bool> takes) : ISampleSource
    {
        public int? Count => whole.Count is not { } count ? null : Enumerable.Range(0, count).Count(takes);

        public IEnumerator<ModelSample> GetEnumerator() => whole.Where((_, position) => takes(position)).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
