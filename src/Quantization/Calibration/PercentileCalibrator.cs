using System.Globalization;

namespace Quantization;

/// <summary>
/// Clips a given share of the values and never more: the range ends at the upper edge of the bin in which the cumulative count reaches the
/// percentage, or at the observed extreme where that lies nearer to 0.
/// </summary>
/// <remarks>
/// <para>Symmetric targets count magnitudes (without sign: values ≥ 0); zeros count as magnitudes of bin 0.</para>
/// <para>
/// Affine targets with values of both signs give half of the share to each end; with values of one sign the other end is 0 and the whole
/// share goes to the one end. A side that has values keeps at least its bin nearest to 0, so the range never vanishes.
/// </para>
/// </remarks>
public sealed class PercentileCalibrator : ICalibrator
{
    private readonly decimal _percentage;

    /// <summary>Makes the strategy that keeps <paramref name="percentage"/> % of the values.</summary>
    /// <param name="percentage">
    /// In percent, above 0 and at most 100: 99.99 clips at most 0.01 % of the values, 100 clips none. Taken to 15 significant digits.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="percentage"/> is not above 0 and at most 100.</exception>
    public PercentileCalibrator(double percentage = 99.99)
    {
        if (!(percentage > 0 && percentage <= 100))
        {
            throw new ArgumentOutOfRangeException(
                nameof(percentage), percentage, "The percentage of values to keep must be above 0 and at most 100, for example 99.99.");
        }

        Percentage = percentage;
        _percentage = (decimal)percentage;
    }

    /// <summary>The percentage of values that the range keeps at least.</summary>
    public double Percentage { get; }

    /// <inheritdoc/>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"Percentile {Percentage:R}");

    /// <summary>Whether <paramref name="obj"/> is such a calibrator with the same <see cref="Percentage"/>.</summary>
    public override bool Equals(object? obj) => obj is PercentileCalibrator other && Percentage == other.Percentage;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(typeof(PercentileCalibrator), Percentage);

    /// <summary>The calibrator's name.</summary>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
    {
        CalibrationGuard.ThrowUnlessPossible(statistics, format, scheme);
        if (CalibrationGuard.TryConstant(Name, statistics, format, scheme, double.NaN) is { } constant)
        {
            return constant;
        }

        ValueRange range;
        if (MagnitudeHistogram.TryCreate(statistics, format, scheme) is { } magnitudes)
        {
            long clippable = Clippable(magnitudes.Total);
            range = magnitudes.RangeTo(magnitudes.Counts.Length == 0 ? 0 : magnitudes.UpperEdge(LastKept(magnitudes.Counts, clippable)));
        }
        else
        {
            long clippable = Clippable(statistics.Count) / 2;
            double low = (LastKept(statistics.NegativeBins, clippable) + 1) * statistics.BinWidth;
            double high = (LastKept(statistics.PositiveBins, clippable) + 1) * statistics.BinWidth;
            range = new ValueRange((float)Math.Max(-low, statistics.Min), (float)Math.Min(high, statistics.Max));
        }

        return CalibrationGuard.Result(
            Name, statistics, range, 1, double.NaN, CalibrationGuard.UnreachableNote(statistics, format, scheme));
    }

    /// <summary>How many of <paramref name="count"/> values may be clipped. In decimal, so that 0.01 % of 10,000 is 1.</summary>
    private long Clippable(long count)
    {
        decimal kept = Math.Ceiling(_percentage / 100 * count);
        return count - (long)kept;
    }

    /// <summary>The lowest bin beyond which at most <paramref name="clippable"/> values lie.</summary>
    private static int LastKept(ReadOnlySpan<long> counts, long clippable)
    {
        int bin = counts.Length - 1;
        long clipped = 0;
        while (bin > 0 && counts[bin] <= clippable - clipped)
        {
            clipped += counts[bin];
            bin--;
        }

        return bin;
    }
}
