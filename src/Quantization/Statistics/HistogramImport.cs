using System.Globalization;

namespace Quantization;

/// <summary>Turns somebody else's histogram into the state of <see cref="TensorStatistics"/>.</summary>
internal sealed class HistogramImport
{
    private readonly long[] _positive;
    private readonly long[] _negative;
    private readonly int _binsPerSign;
    private readonly int _exponent;
    private readonly float _min;
    private readonly float _max;
    private long _zeros;

    private HistogramImport(int binsPerSign, long zeroCount, float min, float max)
    {
        _binsPerSign = binsPerSign;
        _positive = new long[binsPerSign];
        _negative = new long[binsPerSign];
        _zeros = zeroCount;
        (_min, _max) = (min + 0f, max + 0f);
        _exponent = BinLayout.ExponentFor(MathF.Max(MathF.Abs(min), MathF.Abs(max)), binsPerSign);
    }

    public static TensorStatisticsState Convert(
        ReadOnlySpan<double> edges, ReadOnlySpan<long> counts, long zeroCount, ValueRange? range, int binsPerSign)
    {
        BinLayout.ThrowUnlessBinCount(binsPerSign, nameof(binsPerSign));
        ThrowUnlessHistogram(edges, counts, zeroCount);
        int first = counts.IndexOfAnyExcept(0);
        int last = counts.LastIndexOfAnyExcept(0);
        if (first < 0)
        {
            float bound = zeroCount > 0 ? 0 : float.PositiveInfinity;
            return new TensorStatisticsState(binsPerSign, BinLayout.SmallestExponent, [], [], zeroCount, 0, bound, -bound + 0f);
        }

        (float min, float max) = OutermostValues(edges, first, last, first == last && counts[first] == 1, range);
        bool zeros = zeroCount > 0;
        HistogramImport import = new(binsPerSign, zeroCount, zeros ? MathF.Min(min, 0) : min, zeros ? MathF.Max(max, 0) : max);
        import.Place(edges, counts, first, last, min, max);
        return new TensorStatisticsState(
            binsPerSign, import._exponent, import._positive, import._negative, import._zeros, 0, import._min, import._max);
    }

    private static void ThrowUnlessHistogram(ReadOnlySpan<double> edges, ReadOnlySpan<long> counts, long zeroCount)
    {
        if (counts.IsEmpty || edges.Length != counts.Length + 1)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{counts.Length} counts need {counts.Length + 1} "
                + $"edges, and at least one count is needed; {edges.Length} edges were given."), nameof(edges));
        }

        for (int i = 0; i < edges.Length; i++)
        {
            if (!(Math.Abs(edges[i]) <= float.MaxValue) || (i > 0 && edges[i] <= edges[i - 1]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Edge {i} is {edges[i]:R}; edges must be finite floats and ascend."),
                    nameof(edges));
            }
        }

        ArgumentOutOfRangeException.ThrowIfNegative(zeroCount);
        long total = zeroCount;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] < 0)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Count {i} is {counts[i]}; counts must not be negative."), nameof(counts));
            }

            total = checked(total + counts[i]);
        }
    }

    /// <summary>
    /// The smallest and the largest value in bins: as the caller knows them, else the ends of the outermost bins that hold values (the
    /// upper one is open).
    /// </summary>
    private static (float Min, float Max) OutermostValues(ReadOnlySpan<double> edges, int first, int last, bool single, ValueRange? range)
    {
        if (range is { } known)
        {
            bool fits =
                known.Min >= edges[first] && known.Min <= edges[first + 1] && known.Max >= edges[last] && known.Max <= edges[last + 1];
            return fits && (!single || known.Min == known.Max)
                ? (known.Min, known.Max)
                : throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"The range {known} does not end in the outermost bins that hold values, "
                        + $"[{edges[first]:R}, {edges[first + 1]:R}] and [{edges[last]:R}, {edges[last + 1]:R}]."),
                    nameof(range));
        }

        if (single)
        {
            float middle = Midpoint(edges, first);
            return (middle, middle);
        }

        float min = (float)edges[first];
        min = min < edges[first] ? MathF.BitIncrement(min) : min;
        float max = (float)edges[last + 1];
        max = max >= edges[last + 1] ? MathF.BitDecrement(max) : max;
        return (min, MathF.Max(min, max));
    }

    private static float Midpoint(ReadOnlySpan<double> edges, int bin) => (float)(edges[bin] / 2 + edges[bin + 1] / 2);

    private void Place(ReadOnlySpan<double> edges, ReadOnlySpan<long> counts, int first, int last, float min, float max)
    {
        for (int i = first; i <= last; i++)
        {
            long count = counts[i];
            if (i == last)
            {
                Add(max, 1);
                count--;
            }

            if (i == first && count > 0)
            {
                Add(min, 1);
                count--;
            }

            Add(Math.Clamp(Midpoint(edges, i), min, max), count);
        }
    }

    private void Add(float value, long count)
    {
        if (value == 0)
        {
            _zeros += count;
        }
        else
        {
            (value > 0 ? _positive : _negative)[BinLayout.IndexOf(MathF.Abs(value), _exponent)] += count;
        }
    }
}
