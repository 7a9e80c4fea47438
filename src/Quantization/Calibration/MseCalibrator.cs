using System.Numerics;

namespace Quantization;

/// <summary>
/// Chooses the range whose quantized values lie nearest to the observed ones by mean squared error, rounding and clipping weighed against
/// each other. Values are taken to lie at the centres of their bins; zeros cost nothing. For any number of codes.
/// </summary>
/// <remarks>
/// <para>
/// One-sided (symmetric, or affine with values of one sign): every bin's centre is a candidate threshold, and the observed maximum takes
/// the place of the last; the first of equal minima wins. This is the search of NVIDIA's pytorch-quantization without its first 128 bins
/// being left out: they are left out there because the steps are then narrower than the bins. Here such candidates take part with the error
/// that rounding has in expectation, step²/12.
/// </para>
/// <para>
/// Two-sided (affine with values of both signs): both ends are searched, with the zero-point rounded as
/// <see cref="QuantizationParameters"/> rounds it. All pairs of up to 64 evenly spaced ends per side are compared, then the best is refined
/// down to single bins; with at most 64 bins per side the search is exhaustive.
/// </para>
/// </remarks>
public sealed class MseCalibrator : ICalibrator
{
    /// <inheritdoc/>
    public string Name => "MSE";

    /// <summary>Whether <paramref name="obj"/> is such a calibrator too; there are no settings.</summary>
    public override bool Equals(object? obj) => obj is MseCalibrator;

    /// <inheritdoc/>
    public override int GetHashCode() => typeof(MseCalibrator).GetHashCode();

    /// <summary>The calibrator's name.</summary>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
    {
        CalibrationGuard.ThrowUnlessPossible(statistics, format, scheme);
        if (CalibrationGuard.TryConstant(Name, statistics, format, scheme, 0) is { } constant)
        {
            return constant;
        }

        // Differences of the sums are at most count · (4 · bins)²: short of 2⁶³ they need no wider integer.
        double bins = 4.0 * statistics.BinsPerSign;
        return statistics.Count < long.MaxValue / (bins * bins)
            ? Calibrate<long>(statistics, format, scheme)
            : Calibrate<Int128>(statistics, format, scheme);
    }

    private CalibrationResult Calibrate<TSum>(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
        where TSum : struct, IBinaryInteger<TSum>
    {
        double unit = statistics.BinWidth / 2;
        if (MagnitudeHistogram.TryCreate(statistics, format, scheme) is { } magnitudes)
        {
            string? unreachable = CalibrationGuard.UnreachableNote(statistics, format, scheme);
            if (magnitudes.Counts.Length == 0)
            {
                return CalibrationGuard.Result(
                    Name, statistics, default, 1, 0, CalibrationGuard.JoinNotes("No observed value is above 0.", unreachable));
            }

            long highest = scheme == QuantizationScheme.Symmetric ? format.MaxCode : format.Levels - 1;
            (float threshold, double error) = SearchThreshold<TSum>(magnitudes, unit, highest);
            string? note = magnitudes.Counts.Length == 1 ? "One candidate: all values that are not 0 lie in one bin." : null;
            return CalibrationGuard.Result(
                Name,
                statistics,
                magnitudes.RangeTo(threshold),
                magnitudes.Counts.Length,
                error * unit * unit / statistics.Count,
                CalibrationGuard.JoinNotes(note, unreachable));
        }

        SignedHistogram histogram = new(statistics);
        AffineError<TSum> loss = new(histogram, unit, format);
        RangeSearch found = WindowSearch.Find(histogram, loss);
        (double low, double high) = loss.Ends(found.Start, found.End);
        ValueRange range = new((float)(low * unit), (float)(high * unit));
        return CalibrationGuard.Result(Name, statistics, range, found.Candidates, found.Loss * unit * unit / statistics.Count, null);
    }

    private static (float Threshold, double Error) SearchThreshold<TSum>(MagnitudeHistogram magnitudes, double unit, long highest)
        where TSum : struct, IBinaryInteger<TSum>
    {
        QuantizationError<TSum> errors = new(magnitudes.Counts, 0);
        (double best, double least) = (0, double.PositiveInfinity);
        double limit = errors.Of(magnitudes.Limit / unit / highest, 0, highest); // the last candidate: the best is no worse
        for (int bin = 0; bin < magnitudes.Counts.Length; bin++)
        {
            double threshold = bin == magnitudes.Counts.Length - 1 ? magnitudes.Limit / unit : errors.Centre(bin);
            double error = errors.Of(threshold / highest, 0, highest, limit);
            if (error < least)
            {
                (best, least) = (threshold, error);
                limit = Math.Min(limit, error);
            }
        }

        return ((float)(best * unit), least);
    }

    /// <summary>The error of affine codes over a window that ends at bin centres, or at the observed extremes.</summary>
    private readonly struct AffineError<TSum>(SignedHistogram histogram, double unit, CodeFormat format) : IWindowLoss
        where TSum : struct, IBinaryInteger<TSum>
    {
        private readonly QuantizationError<TSum> _errors = new(histogram.Counts, histogram.Zero);

        public bool EndsHoldValues => false;

        public (double Low, double High) Ends(int start, int end) => (
            start == 0 ? histogram.Min / unit : _errors.Centre(start),
            end == histogram.Counts.Length ? histogram.Max / unit : _errors.Centre(end - 1));

        public double Of(int start, int end, double limit)
        {
            (double low, double high) = Ends(start, end);
            double step = (high - low) / (format.Levels - 1);
            long lowest = (long)Math.Round(low / step, MidpointRounding.ToEven);
            return _errors.Of(step, lowest, lowest + format.Levels - 1, limit);
        }
    }
}
