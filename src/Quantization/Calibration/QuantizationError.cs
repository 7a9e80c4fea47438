using System.Numerics;

namespace Quantization;

/// <summary>
/// The squared error of uniform quantization, summed over a histogram whose values are taken to lie at the centres of their bins. A level's
/// bins are summed up from prefix sums of count, count · x and count · x² with x in half bins, an integer, so a candidate costs one step
/// per level, and nothing is lost to cancellation.
/// </summary>
/// <typeparam name="TSum">
/// The integer that the sums are kept in, modulo its width: <see cref="long"/> where every difference fits, else <see cref="Int128"/>.
/// </typeparam>
internal sealed class QuantizationError<TSum>
    where TSum : struct, IBinaryInteger<TSum>
{
    /// <summary>Rounded sums may lie this far from the exact ones.</summary>
    private const double Margin = 1e-9;

    private readonly int _zero;
    private readonly long[] _mass;
    private readonly TSum[] _sum;
    private readonly TSum[] _squareSum;

    /// <param name="counts">The bins, the smallest values first.</param>
    /// <param name="zero">The index of the first bin above 0.</param>
    public QuantizationError(ReadOnlySpan<long> counts, int zero)
    {
        _zero = zero;
        _mass = new long[counts.Length + 1];
        _sum = new TSum[counts.Length + 1];
        _squareSum = new TSum[counts.Length + 1];
        for (int i = 0; i < counts.Length; i++)
        {
            TSum count = TSum.CreateTruncating(counts[i]);
            TSum centre = TSum.CreateTruncating(Centre(i));
            _mass[i + 1] = _mass[i] + counts[i];
            _sum[i + 1] = unchecked(_sum[i] + count * centre);
            _squareSum[i + 1] = unchecked(_squareSum[i] + count * centre * centre);
        }
    }

    private int Bins => _mass.Length - 1;

    /// <summary>The centre of a bin in half bins from 0.</summary>
    public int Centre(int bin) => 2 * (bin - _zero) + 1;

    /// <summary>
    /// The summed squared error, in half bins squared, of rounding to the nearest of <c>step · {lowest … highest}</c>. Where the step is
    /// narrower than a bin, centres cannot show the rounding error: its expectation step²/12 takes their place inside the range.
    /// </summary>
    /// <param name="step">The step.</param>
    /// <param name="lowest">The lowest code.</param>
    /// <param name="highest">The highest code.</param>
    /// <param name="limit">Summing may stop above this error; then the result is above it too, and less than the whole.</param>
    public double Of(double step, long lowest, long highest, double limit = double.PositiveInfinity)
    {
        limit *= 1 + Margin;
        if (step < 2)
        {
            int first = FirstBinAbove(lowest * step);
            int last = FirstBinAbove(highest * step);
            return About(0, first, lowest * step) + (_mass[last] - _mass[first]) * (step * step / 12) + About(last, Bins, highest * step);
        }

        long level = Math.Max(lowest, (long)Math.Floor(Centre(0) / step));
        long end = Math.Min(highest, (long)Math.Ceiling(Centre(Bins - 1) / step));
        double clipped = About(0, FirstBinAbove(level * step), level * step) + About(FirstBinAbove(end * step), Bins, end * step);
        if (clipped > limit)
        {
            return clipped; // most windows that are too narrow end here
        }

        double error = 0;
        int from = 0;
        for (; level < end; level++)
        {
            if (error > limit)
            {
                return error;
            }

            int to = FirstBinAbove((level + 0.5) * step);
            error += About(from, to, level * step);
            from = to;
        }

        return error + About(from, Bins, end * step);
    }

    private int FirstBinAbove(double position) => (int)Math.Clamp(Math.Floor((position - 1) / 2) + 1 + _zero, 0, Bins);

    /// <summary>
    /// Σ count · (x − centre)² over bins: first exactly about the nearest integer, then moved by the rest, at most a half.
    /// </summary>
    private double About(int from, int to, double centre)
    {
        long mass = _mass[to] - _mass[from];
        if (mass == 0)
        {
            return 0;
        }

        double rounded = Math.Round(centre);
        double rest = centre - rounded;
        TSum origin = TSum.CreateTruncating((long)rounded);
        TSum count = TSum.CreateTruncating(mass);
        TSum sum = unchecked(_sum[to] - _sum[from]);
        TSum first = unchecked(sum - origin * count);
        TSum second = unchecked(_squareSum[to] - _squareSum[from] - origin * (sum + first));
        return double.CreateTruncating(second) - 2 * rest * double.CreateTruncating(first) + rest * rest * mass;
    }
}
