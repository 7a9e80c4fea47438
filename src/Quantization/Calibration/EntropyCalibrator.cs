using System.Globalization;

namespace Quantization;

/// <summary>
/// Chooses the range whose quantized distribution diverges least from the observed one: the threshold search of NVIDIA's TensorRT (S.
/// Migacz, "8-bit Inference with TensorRT", GTC 2017) as its pytorch-quantization carries it out, for formats of 2 to 8 bits.
/// </summary>
/// <remarks>
/// <para>
/// One-sided (symmetric, or affine with values of one sign): N = MaxCode + 1 levels (symmetric) or all codes (affine); the counts of bin 0
/// are replaced by those of bin 1; thresholds are the upper edges of bins N, N + 1, … up to the last; the last of equal minima wins.
/// </para>
/// <para>
/// Unlike the original, a threshold is left out where clipping costs more than the finer step saves, by mean absolute error: the clipped
/// distances plus a quarter of a step for each other value, against a quarter of the full range's step for all. Divergence alone is blind
/// to how far a clipped value moves: where the mass lies far from 0 or in spikes, it prefers to clip it.
/// <see cref="CalibrationResult.Note"/> says so where that changed a one-sided answer.
/// </para>
/// </remarks>
public sealed class EntropyCalibrator : ICalibrator
{
    private const int MaxLevels = 256;

    /// <inheritdoc/>
    public string Name => "Entropy";

    /// <summary>Whether <paramref name="obj"/> is such a calibrator too; there are no settings.</summary>
    public override bool Equals(object? obj) => obj is EntropyCalibrator;

    /// <inheritdoc/>
    public override int GetHashCode() => typeof(EntropyCalibrator).GetHashCode();

    /// <summary>The calibrator's name.</summary>
    public override string ToString() => Name;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// <paramref name="format"/> has more than 256 codes: levels as fine as the bins leave nothing to compare. Use
    /// <see cref="PercentileCalibrator"/> or <see cref="MaxCalibrator"/>.
    /// </exception>
    public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
    {
        CalibrationGuard.ThrowUnlessPossible(statistics, format, scheme);
        if (format.Levels > MaxLevels)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Entropy calibrates formats of 2 to 8 bits; {format} "
                + $"has {format.Levels} codes. Use the MSE, Percentile or Max calibrator."), nameof(format));
        }

        if (CalibrationGuard.TryConstant(Name, statistics, format, scheme, 0) is { } constant)
        {
            return constant;
        }

        return MagnitudeHistogram.TryCreate(statistics, format, scheme) is { } magnitudes
            ? CalibrateOneSided(statistics, magnitudes, format, scheme)
            : CalibrateTwoSided(statistics, format);
    }

    private CalibrationResult CalibrateOneSided(
        TensorStatistics statistics, MagnitudeHistogram magnitudes, CodeFormat format, QuantizationScheme scheme)
    {
        string? unreachable = CalibrationGuard.UnreachableNote(statistics, format, scheme);
        int levels = scheme == QuantizationScheme.Symmetric ? format.MaxCode + 1 : (int)format.Levels;
        int bins = magnitudes.Counts.Length;
        if (bins <= levels)
        {
            string note = OneCandidate(bins, levels);
            return CalibrationGuard.Result(
                Name, statistics, magnitudes.RangeTo(magnitudes.Limit), 1, 0, CalibrationGuard.JoinNotes(note, unreachable));
        }

        (RangeSearch found, int unguarded) = SearchThreshold(magnitudes.Counts, levels);
        string? guarded = unguarded == found.End
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"Thresholds that lose more by clipping than they gain by a finer step were left "
                + $"out; otherwise the search would have ended at {magnitudes.UpperEdge(unguarded - 1):R}.");
        ValueRange range = magnitudes.RangeTo(magnitudes.UpperEdge(found.End - 1));
        return CalibrationGuard.Result(
            Name, statistics, range, found.Candidates, found.Loss, CalibrationGuard.JoinNotes(guarded, unreachable));
    }

    private static (RangeSearch Found, int Unguarded) SearchThreshold(long[] magnitudes, int levels)
    {
        long[] counts = (long[])magnitudes.Clone();
        counts[0] = counts[1];
        EntropyDivergence divergence = new(counts, levels);
        (int end, double loss, long candidates) = (counts.Length, double.PositiveInfinity, 0);
        (int unguardedEnd, double unguardedLoss) = (counts.Length, double.PositiveInfinity);
        for (int i = levels; i <= counts.Length; i++)
        {
            double divergenceHere = divergence.Of(0, i);
            bool dear = divergence.ClipsDearly(0, i);
            candidates += dear ? 0 : 1;
            if (!dear && divergenceHere <= loss)
            {
                (end, loss) = (i, divergenceHere);
            }

            if (divergenceHere <= unguardedLoss)
            {
                (unguardedEnd, unguardedLoss) = (i, divergenceHere);
            }
        }

        return (new RangeSearch(0, end, loss, candidates), unguardedEnd);
    }

    private CalibrationResult CalibrateTwoSided(TensorStatistics statistics, CodeFormat format)
    {
        SignedHistogram histogram = new(statistics);
        int levels = (int)format.Levels;
        if (histogram.Counts.Length <= levels)
        {
            string one = OneCandidate(histogram.Counts.Length, levels);
            return CalibrationGuard.Result(Name, statistics, histogram.RangeOf(0, histogram.Counts.Length), 1, 0, one);
        }

        RangeSearch found = WindowSearch.Find(histogram, new GuardedDivergence(new EntropyDivergence(histogram.Counts, levels)));
        return CalibrationGuard.Result(Name, statistics, histogram.RangeOf(found.Start, found.End), found.Candidates, found.Loss, null);
    }

    private static string OneCandidate(int bins, int levels) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"One candidate: the values fill {bins} bins, no more than the {levels} levels, so the full range was taken.");

    /// <summary>The divergence, with windows that are too narrow to fill the levels or that clip too much left out.</summary>
    private readonly struct GuardedDivergence(EntropyDivergence divergence) : IWindowLoss
    {
        public bool EndsHoldValues => true;

        public double Of(int start, int end, double limit) =>
            end - start < divergence.Levels || divergence.ClipsDearly(start, end) ? double.PositiveInfinity : divergence.Of(start, end);
    }
}
