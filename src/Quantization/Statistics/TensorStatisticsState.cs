using System.Globalization;

namespace Quantization;

/// <summary>
/// The fields of <see cref="TensorStatistics"/> on their way in, from a file or from somebody else's histogram: not yet trusted.
/// </summary>
internal sealed record TensorStatisticsState(
    int BinsPerSign, int Exponent, long[] PositiveBins, long[] NegativeBins, long ZeroCount, long NonFiniteCount, float Min, float Max)
{
    /// <summary>The finite values.</summary>
    /// <exception cref="InvalidDataException">A count is negative or their sum overflows.</exception>
    public long Count =>
        Total(PositiveBins) is long positive && Total(NegativeBins) is long negative ? Add(Add(positive, negative), ZeroCount) : 0;

    /// <summary>Accepts exactly the states that observing can reach.</summary>
    /// <exception cref="InvalidDataException">Observing cannot reach this state.</exception>
    public void ThrowUnlessConsistent()
    {
        Require(BinLayout.IsBinCount(BinsPerSign), $"{BinsPerSign} is not a number of bins");
        Require(PositiveBins.Length <= BinsPerSign && NegativeBins.Length <= BinsPerSign, "a side has more bins than it says");
        Require(ZeroCount >= 0 && NonFiniteCount >= 0, "a count is negative");
        if (Count == 0)
        {
            Require(
                float.IsPositiveInfinity(Min) && float.IsNegativeInfinity(Max) && Exponent == BinLayout.SmallestExponent,
                "it has seen no values but has bounds");
            return;
        }

        Require(float.IsFinite(Min) && float.IsFinite(Max) && Min <= Max, $"[{Min:R}, {Max:R}] is no range");
        Require(!(float.IsNegative(Min) && Min == 0) && !(float.IsNegative(Max) && Max == 0), "a bound is -0");
        Require(
            Exponent == BinLayout.ExponentFor(MathF.Max(MathF.Abs(Min), MathF.Abs(Max)), BinsPerSign),
            $"bins of width 2^{Exponent} do not fit the range [{Min:R}, {Max:R}]");
        int topPositive = LastUsed(PositiveBins);
        int topNegative = LastUsed(NegativeBins);
        Require(
            topPositive == (Max > 0 ? BinLayout.IndexOf(Max, Exponent) : -1),
            $"the bins of values above 0 do not end at the maximum, {Max:R}");
        Require(
            topNegative == (Min < 0 ? BinLayout.IndexOf(-Min, Exponent) : -1),
            $"the bins of values below 0 do not end at the minimum, {Min:R}");
        Require(
            Min <= 0 || ZeroCount == 0 && topNegative < 0 && BinLayout.IndexOf(Min, Exponent) == FirstUsed(PositiveBins),
            $"the bins of values above 0 do not start at the minimum, {Min:R}");
        Require(
            Max >= 0 || ZeroCount == 0 && topPositive < 0 && BinLayout.IndexOf(-Max, Exponent) == FirstUsed(NegativeBins),
            $"the bins of values below 0 do not start at the maximum, {Max:R}");
        Require(Min != 0 && Max != 0 || ZeroCount > 0, "a bound is 0 but no zero was seen");
    }

    private static int LastUsed(long[] bins) => bins.AsSpan().LastIndexOfAnyExcept(0);

    private static int FirstUsed(long[] bins) => bins.AsSpan().IndexOfAnyExcept(0);

    private static long Total(long[] bins)
    {
        long total = 0;
        foreach (long count in bins)
        {
            total = Add(total, count);
        }

        return total;
    }

    private static long Add(long total, long count)
    {
        Require(count >= 0, $"a count is {count}");
        Require(count <= long.MaxValue - total, "the counts exceed 64 bits");
        return total + count;
    }

    private static void Require(bool condition, FormattableString otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException($"These are no possible statistics: {otherwise.ToString(CultureInfo.InvariantCulture)}.");
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException($"These are no possible statistics: {otherwise}.");
        }
    }
}
