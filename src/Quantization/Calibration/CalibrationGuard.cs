using System.Globalization;

namespace Quantization;

/// <summary>What all calibrators check first and tell last.</summary>
internal static class CalibrationGuard
{
    public static void ThrowUnlessPossible(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ArgumentNullException.ThrowIfNull(format);
        if (scheme == QuantizationScheme.Symmetric && format.MaxCode <= 0)
        {
            throw new ArgumentException($"A symmetric range needs codes above 0; {format} has none.", nameof(format));
        }

        if (statistics.Count == 0)
        {
            throw new InvalidOperationException("No value was observed, so there is nothing to choose a range from. First observe values, "
                + "or merge statistics that have observed some.");
        }
    }

    /// <summary>
    /// The result where every value is the same: the range that reaches it loses nothing, so no search is needed. Null elsewhere.
    /// </summary>
    public static CalibrationResult? TryConstant(
        string calibrator, TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme, double loss)
    {
        if (statistics.Min != statistics.Max)
        {
            return null;
        }

        string note = string.Create(
            CultureInfo.InvariantCulture, $"Every observed value is {statistics.Min:R}; there was nothing to search.");
        return Result(calibrator, statistics, FullRange(statistics, format, scheme), 1, loss, note);
    }

    /// <summary>The smallest range of the scheme that contains every observed value that it can.</summary>
    public static ValueRange FullRange(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme) =>
        scheme == QuantizationScheme.Affine
            ? new ValueRange(MathF.Min(statistics.Min, 0), MathF.Max(statistics.Max, 0))
            : format.IsSigned
                ? ValueRange.Symmetric(statistics.MaxMagnitude)
                : new ValueRange(0, MathF.Max(statistics.Max, 0));

    public static CalibrationResult Result(
        string calibrator, TensorStatistics statistics, ValueRange range, long candidates, double loss, string? note)
    {
        double clipped = (double)CountOutside(statistics, range) / statistics.Count;
        return new CalibrationResult(calibrator, range, candidates, clipped, loss, note);
    }

    /// <summary>Notes that hold for any strategy, joined to its own.</summary>
    public static string? JoinNotes(params ReadOnlySpan<string?> notes)
    {
        string joined = "";
        foreach (string? note in notes)
        {
            joined = note is null ? joined : joined.Length == 0 ? note : $"{joined} {note}";
        }

        return joined.Length == 0 ? null : joined;
    }

    /// <summary>Symmetric codes without sign have none for negative values: that is said, not hidden.</summary>
    public static string? UnreachableNote(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
    {
        if (scheme == QuantizationScheme.Affine || format.IsSigned || statistics.Min >= 0)
        {
            return null;
        }

        double share = (double)Sum(statistics.NegativeBins) / statistics.Count;
        return string.Create(CultureInfo.InvariantCulture, $"{share:P2} of the values are negative, which unsigned symmetric codes cannot "
            + $"represent; take the affine scheme or a signed format.");
    }

    /// <summary>The values in bins that lie wholly outside the range. A bin that an end of the range cuts counts as inside.</summary>
    private static long CountOutside(TensorStatistics statistics, ValueRange range) =>
        (range.Max < statistics.Max ? Sum(statistics.PositiveBins[FirstBinFrom(range.Max, statistics)..]) : 0)
        + (range.Min > statistics.Min ? Sum(statistics.NegativeBins[FirstBinFrom(-range.Min, statistics)..]) : 0);

    private static int FirstBinFrom(float magnitude, TensorStatistics statistics) =>
        (int)Math.Min(Math.Ceiling(magnitude / statistics.BinWidth), statistics.BinsPerSign);

    private static long Sum(ReadOnlySpan<long> counts)
    {
        long sum = 0;
        foreach (long count in counts)
        {
            sum += count;
        }

        return sum;
    }
}
