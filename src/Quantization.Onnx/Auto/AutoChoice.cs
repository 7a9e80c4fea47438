namespace Quantization.Onnx;

/// <summary>
/// Picks one of several quantized models by a budget. Where a loss is allowed, it is spent on time: the fastest that is within the budget
/// wins. Otherwise the smallest loss wins, and of those that lose as little, the fastest. Without scores the way wins that usually loses
/// the least.
/// </summary>
/// <param name="budget">What a model may cost.</param>
/// <param name="floatScore">The float model's figure, larger is better; NaN where no sample was scored.</param>
/// <param name="floatBytes">The bytes of the float model's file.</param>
internal sealed class AutoChoice(AutoBudget budget, double floatScore, long floatBytes)
{
    /// <summary>Figures of a metric so near to each other count as equal.</summary>
    public const double EqualScores = 0.001;

    /// <summary>A difference in time below a twentieth is the machine's, not the models'.</summary>
    public const double NotableTime = 1.05;

    /// <summary>Figures are computed from sums, whose last digits are no loss.</summary>
    private const double Rounding = 1e-9;

    /// <summary>The ways by what they usually lose, the least first.</summary>
    private static readonly QuantizationWay[] Gentlest =
    [
        QuantizationWay.Half,
        QuantizationWay.WeightsInt8,
        QuantizationWay.DynamicInt8,
        QuantizationWay.StaticInt8,
        QuantizationWay.WeightsInt4,
    ];

    private bool HasScores => !double.IsNaN(floatScore);

    /// <summary>The position of the best row; null where none is within the budget.</summary>
    public int? Pick(IReadOnlyList<AutoRow> rows)
    {
        int[] within = [.. Enumerable.Range(0, rows.Count).Where(i => FindExcess(rows[i]) is null)];
        return within.Length == 0
            ? null
            : within.Aggregate((best, next) => IsBetter(rows[next], rows[best], within.Select(i => rows[i])) ? next : best);
    }

    /// <summary>What of the budget a row exceeds; null where it is within.</summary>
    public AutoVerdict? FindExcess(AutoRow row) =>
        budget.MaxLoss is { } loss && !(row.Loss <= loss + Rounding) ? AutoVerdict.LosesTooMuch
        : budget.MaxLatencyRatio is { } latency && row.LatencyRatio > latency ? AutoVerdict.TooSlow
        : budget.MostBytes(floatBytes) is { } bytes && row.Bytes > bytes ? AutoVerdict.TooLarge
        : budget.HasCost ? null
        : row.LatencyRatio * NotableTime > 1 ? AutoVerdict.NotFaster
        : row.Bytes >= floatBytes ? AutoVerdict.NotSmaller
        : null;

    /// <summary>Why a row that is within the budget was not picked.</summary>
    public AutoVerdict Compare(AutoRow row, AutoRow best) =>
        !HasScores ? (Array.IndexOf(Gentlest, row.Way) > Array.IndexOf(Gentlest, best.Way) ? AutoVerdict.Riskier : AutoVerdict.Slower)
        : budget.MaxLoss is null && best.Score - row.Score > EqualScores ? AutoVerdict.LosesMore
        : row.LatencyRatio > best.LatencyRatio ? AutoVerdict.Slower
        : AutoVerdict.LosesMore;

    /// <summary>How far a row exceeds the budget, as a share: the largest over the parts of the budget.</summary>
    public double DistanceFromBudget(AutoRow row) => ((ReadOnlySpan<double>)
    [
        budget.MaxLoss is { } loss ? Excess(row.Loss, Math.Max(loss, EqualScores)) : 0,
        budget.MaxLatencyRatio is { } latency ? Excess(row.LatencyRatio, latency)
            : budget.HasCost ? 0
            : Excess(row.LatencyRatio, 1 / NotableTime),
        budget.MostBytes(floatBytes) is { } bytes ? Excess(row.Bytes, bytes) : budget.HasCost ? 0 : Excess(row.Bytes, floatBytes),
    ]).ToArray().Max();

    /// <summary>Whether no other row, the float model included, is at least as good in metric, time and size.</summary>
    public bool IsOnFront(AutoRow row, IEnumerable<AutoRow> rows) =>
        !rows.Append(new AutoRow(default, floatScore, 0, 1, floatBytes)).Any(other => Dominates(other, row));

    private bool IsBetter(AutoRow row, AutoRow than, IEnumerable<AutoRow> within)
    {
        if (!HasScores)
        {
            return (Array.IndexOf(Gentlest, row.Way), row.LatencyRatio)
                .CompareTo((Array.IndexOf(Gentlest, than.Way), than.LatencyRatio)) < 0;
        }

        // What counts as equal is counted from the best of all, so that the order of the rows does not matter.
        bool spendsLoss = budget.MaxLoss is not null;
        double limit = spendsLoss ? within.Min(each => each.LatencyRatio) * NotableTime : within.Max(each => each.Score) - EqualScores;
        bool isNear = spendsLoss ? row.LatencyRatio <= limit : IsAtLeast(row.Score, limit);
        bool isOtherNear = spendsLoss ? than.LatencyRatio <= limit : IsAtLeast(than.Score, limit);
        return isNear != isOtherNear ? isNear
            : spendsLoss ? (-row.Score, row.LatencyRatio, row.Bytes).CompareTo((-than.Score, than.LatencyRatio, than.Bytes)) < 0
            : (row.LatencyRatio, -row.Score, row.Bytes).CompareTo((than.LatencyRatio, -than.Score, than.Bytes)) < 0;
    }

    /// <summary>Infinite figures are only as good as themselves.</summary>
    private static bool IsAtLeast(double score, double limit) => score >= limit - Rounding;

    private bool Dominates(AutoRow other, AutoRow row)
    {
        bool isAsGood = (!HasScores || other.Score >= row.Score) && other.LatencyRatio <= row.LatencyRatio && other.Bytes <= row.Bytes;
        return isAsGood && ((HasScores && other.Score > row.Score) || other.LatencyRatio < row.LatencyRatio || other.Bytes < row.Bytes);
    }

    private static double Excess(double value, double limit) =>
        double.IsNaN(value) ? double.PositiveInfinity : Math.Max(0, (value / limit) - 1);
}
