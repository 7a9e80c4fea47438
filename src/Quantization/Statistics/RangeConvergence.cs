using System.Globalization;

namespace Quantization;

/// <summary>
/// Tells after how many samples the observed range had settled: were there enough calibration inputs? It depends on the order of the
/// samples, so it is kept apart from the mergeable statistics.
/// </summary>
/// <remarks>
/// It remembers only the samples that widened the range: of n samples in random order about 2·ln n. One thread at a time.
/// </remarks>
/// <example>
/// <code>
/// convergence.Add(new ValueRange(sampleMin, sampleMax));        // after each sample
/// long? enough = convergence.SettledAfter(0.01);                // 37: samples 38 … n moved no end by more than 1 % of the range
/// </code>
/// </example>
public sealed class RangeConvergence
{
    private readonly List<(long Sample, ValueRange Range)> _growth = [];

    /// <summary>The samples added.</summary>
    public long SampleCount { get; private set; }

    /// <summary>The smallest range that contains those of all samples; null before the first.</summary>
    public ValueRange? Range => _growth.Count == 0 ? null : _growth[^1].Range;

    /// <summary>The number of the last sample that widened the range, counted from 1; 0 before the first.</summary>
    public long LastGrowth => _growth.Count == 0 ? 0 : _growth[^1].Sample;

    /// <summary>Adds the range of the next sample.</summary>
    public void Add(ValueRange sample)
    {
        SampleCount++;
        ValueRange before = Range ?? sample;
        ValueRange after = new(MathF.Min(before.Min, sample.Min), MathF.Max(before.Max, sample.Max));
        if (_growth.Count == 0 || after != before)
        {
            _growth.Add((SampleCount, after));
        }
    }

    /// <summary>
    /// The smallest n such that the range of the first n samples lacks at either end at most <paramref name="tolerance"/> times the final
    /// width. A result near <see cref="SampleCount"/> says that more samples would probably widen the range further.
    /// </summary>
    /// <param name="tolerance">A share of the final width, 0 … 1; 0 asks for the final range itself.</param>
    /// <returns>n, counted from 1; null before the first sample.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tolerance"/> is not from 0 to 1.</exception>
    public long? SettledAfter(double tolerance)
    {
        if (!(tolerance >= 0 && tolerance <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(tolerance),
                tolerance,
                "The tolerance is a share of the range's width, from 0 to 1; 0.01 allows each end to miss 1 %.");
        }

        if (Range is not { } final)
        {
            return null;
        }

        double allowed = tolerance * ((double)final.Max - final.Min);
        foreach ((long sample, ValueRange range) in _growth)
        {
            if ((double)final.Max - range.Max <= allowed && (double)range.Min - final.Min <= allowed)
            {
                return sample;
            }
        }

        return LastGrowth;
    }

    /// <summary>For example <c>[-1, 6] after 100 samples, last widened by sample 64</c>.</summary>
    public override string ToString() => Range is { } range
        ? string.Create(CultureInfo.InvariantCulture, $"{range} after {SampleCount} samples, last widened by sample {LastGrowth}")
        : "no samples";
}
