using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice about what an automatic choice made of each model, with the figures that decided.</summary>
/// <param name="budget">What a model might cost.</param>
/// <param name="metric">What models were scored by; null where inputs were generated.</param>
/// <param name="floatBytes">The bytes of the float model.</param>
internal sealed class AutoAdvice(AutoBudget budget, ModelMetric? metric, long floatBytes)
{
    private const string Generated = "The inputs were generated: they show speed and size, not accuracy.";

    /// <summary>What each verdict is told as.</summary>
    private static readonly Dictionary<AutoVerdict, AdviceCode> Codes = new()
    {
        [AutoVerdict.Chosen] = AdviceCode.AutoChosen,
        [AutoVerdict.Failed] = AdviceCode.AutoFailed,
        [AutoVerdict.NothingToQuantize] = AdviceCode.AutoNothingToQuantize,
        [AutoVerdict.LosesTooMuch] = AdviceCode.AutoLosesTooMuch,
        [AutoVerdict.TooSlow] = AdviceCode.AutoTooSlow,
        [AutoVerdict.TooLarge] = AdviceCode.AutoTooLarge,
        [AutoVerdict.NotFaster] = AdviceCode.AutoNotFaster,
        [AutoVerdict.NotSmaller] = AdviceCode.AutoNotSmaller,
        [AutoVerdict.LosesMore] = AdviceCode.AutoLosesMore,
        [AutoVerdict.Slower] = AdviceCode.AutoSlower,
        [AutoVerdict.Riskier] = AdviceCode.AutoRiskier,
    };

    private static readonly Dictionary<AdviceCode, AutoVerdict> Verdicts = Codes.ToDictionary(each => each.Value, each => each.Key);

    /// <summary>A way could not be carried out.</summary>
    public static Advice Failed(QuantizationWay way, string problem) => new(AdviceCode.AutoFailed, ("way", way), ("problem", problem));

    /// <summary>A way found nothing to quantize.</summary>
    public static Advice Nothing(QuantizationWay way) => new(AdviceCode.AutoNothingToQuantize, ("way", way));

    /// <summary>Why a model that was measured was picked or not.</summary>
    /// <param name="verdict">What became of it.</param>
    /// <param name="row">Its figures.</param>
    /// <param name="best">Those of the model that was picked; null where none was.</param>
    public Advice Explain(AutoVerdict verdict, AutoRow row, AutoRow? best) =>
        new(Codes[verdict],
            [
                .. Figures(row),
                .. verdict is AutoVerdict.Chosen ? [] : Allowed(),
                .. best is { } other && verdict != AutoVerdict.Chosen ? BestOf(other) : []
            ]);

    /// <summary>What was picked and why.</summary>
    public Advice Picked(AutoRow row) => new(metric is null ? AdviceCode.AutoPickedUnmeasured : AdviceCode.AutoPicked, Figures(row));

    /// <summary>No model is within the budget.</summary>
    /// <param name="nearest">The one that is nearest to it; null where none was measured.</param>
    /// <param name="verdict">What that one exceeds.</param>
    public Advice NonePicked(AutoRow? nearest, AutoVerdict verdict) => new(
        AdviceCode.AutoNonePicked,
        [
            .. nearest is { } row ? Figures(row).Append(("verdict", verdict)) : [("metric", metric?.Name), ("unit", metric?.Unit)],
            .. Allowed(),
            ("isGenerated", metric is null),
            ("hasCost", budget.HasCost),
        ]);

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.AutoPicked => new AdviceText(WritePicked(advice)),
        AdviceCode.AutoPickedUnmeasured =>
            new AdviceText($"{WritePicked(advice)} {Generated}", $"Measure it on samples ({words.Scoring}) before the model is used."),
        AdviceCode.AutoNonePicked => new AdviceText(WriteNone(advice), WriteWayOut(advice, words)),
        _ => Verdicts.TryGetValue(advice.Code, out AutoVerdict verdict) ? new AdviceText(Write(verdict, advice)) : null,
    };

    /// <summary>What a way is called.</summary>
    public static string NameOf(QuantizationWay way) => way switch
    {
        QuantizationWay.StaticInt8 => "int8, static",
        QuantizationWay.DynamicInt8 => "int8, dynamic",
        QuantizationWay.WeightsInt8 => "weights in 8 bits",
        QuantizationWay.WeightsInt4 => "weights in 4 bits",
        _ => "float16",
    };

    private IEnumerable<(string Name, object? Value)> Figures(AutoRow row) =>
    [
        ("way", row.Way),
        ("metric", metric?.Name),
        ("unit", metric?.Unit),
        ("score", ScoreOf(row)),
        ("loss", LossOf(row)),
        ("latencyRatio", row.LatencyRatio),
        ("bytes", row.Bytes),
        ("sizeRatio", (double)row.Bytes / floatBytes),
        ("spendsLoss", budget.MaxLoss is not null),
    ];

    private IEnumerable<(string Name, object? Value)> Allowed() =>
        [("maxLoss", budget.MaxLoss), ("maxLatencyRatio", budget.MaxLatencyRatio), ("maxBytes", (long?)budget.MostBytes(floatBytes))];

    private IEnumerable<(string Name, object? Value)> BestOf(AutoRow best) =>
        [("bestWay", best.Way), ("bestScore", ScoreOf(best)), ("bestLoss", LossOf(best)), ("bestLatencyRatio", best.LatencyRatio)];

    private double? ScoreOf(AutoRow row) => metric is null ? null : metric.LargerIsBetter ? row.Score : -row.Score;

    private static double? LossOf(AutoRow row) => double.IsNaN(row.Loss) ? null : row.Loss;

    private static string Write(AutoVerdict verdict, Advice advice) => verdict switch
    {
        AutoVerdict.Chosen => $"{Describe(advice)}: {Merit(advice)}.",
        AutoVerdict.Failed => advice.Text("problem"),
        AutoVerdict.NothingToQuantize => "It finds nothing to quantize in this model.",
        AutoVerdict.LosesTooMuch =>
            $"It {Loses(advice, "score", "loss")}; {Figure.Margin(advice.Number("maxLoss"), UnitOf(advice))} may be lost.",
        AutoVerdict.TooSlow => $"It takes {Figure.Ratio(advice.Number("latencyRatio"))} of the float model's time; "
            + $"{Figure.Ratio(advice.Number("maxLatencyRatio"))} is allowed.",
        AutoVerdict.TooLarge => $"It takes {Figure.Bytes(advice.Count("bytes"))}; {Figure.Bytes(advice.Count("maxBytes"))} are allowed.",
        AutoVerdict.NotFaster => $"It is not faster than the float model: {Figure.Ratio(advice.Number("latencyRatio"))} of its time.",
        AutoVerdict.NotSmaller => $"It is not smaller than the float model: {Figure.Ratio(advice.Number("sizeRatio"))} of its bytes.",
        AutoVerdict.LosesMore => $"It {Loses(advice, "score", "loss")}; {BestWay(advice)} {Loses(advice, "bestScore", "bestLoss")}.",
        AutoVerdict.Slower => $"It {(IsByLoss(advice) ? "loses about as little and takes" : "takes")} "
            + $"{Figure.Ratio(advice.Number("latencyRatio"))} of the float model's time; "
            + $"{BestWay(advice)} takes {Figure.Ratio(advice.Number("bestLatencyRatio"))}.",
        _ => $"Without samples its loss is unknown; {BestWay(advice)} usually loses less.",
    };

    private static string WritePicked(Advice advice) =>
        $"Picked {NameOf(advice.Choice<QuantizationWay>("way"))}. {char.ToUpperInvariant(Describe(advice)[0])}{Describe(advice)[1..]}: "
            + $"{Merit(advice)}.";

    private static string WriteNone(Advice advice)
    {
        string near = advice.FindText("way") is null ? ""
            : $" The nearest is {NameOf(advice.Choice<QuantizationWay>("way"))} with {Describe(advice)}. "
                + $"{Write(advice.Choice<AutoVerdict>("verdict"), advice)}";
        return "Leave the model as it is: no way of quantizing gives a model "
            + $"{Wanted(advice)}.{near}{(advice.Flag("isGenerated") ? $" {Generated}" : "")}";
    }

    /// <summary>Static int8 that loses too much can lose less with some layers in float.</summary>
    private static string WriteWayOut(Advice advice, AdviceWords words)
    {
        bool canBePartial = advice.FindText("verdict") == nameof(AutoVerdict.LosesTooMuch)
            && advice.Text("way") == nameof(QuantizationWay.StaticInt8);
        return canBePartial
            ? $"Otherwise leave only the layers in float that lose most ({words.PartialQuantization}), or allow more ({words.Budget})."
            : $"Otherwise allow more ({words.Budget}).";
    }

    /// <summary>What the budget asks for.</summary>
    private static string Wanted(Advice advice) => string.Join(" and ", (string[])
    [
        .. advice.Flag("hasCost") ? [] : (string[])["that is faster and smaller"],
        .. advice.FindNumber("maxLoss") is { } loss
            ? [$"that loses at most {Figure.Margin(loss, UnitOf(advice))} of {advice.Text("metric")}"]
            : (string[])[],
        .. advice.FindNumber("maxLatencyRatio") is { } latency ? [$"that takes at most {Figure.Ratio(latency)} of the time"] : (string[])[],
        .. advice.FindCount("maxBytes") is { } bytes ? [$"of at most {Figure.Bytes(bytes)}"] : (string[])[],
    ]);

    private static string Merit(Advice advice) =>
        advice.FindText("metric") is null ? "the model within the budget that usually loses the least"
        : advice.Flag("spendsLoss") ? "the fastest of the models within the budget"
        : "the smallest loss of the models within the budget";

    private static string Describe(Advice advice)
    {
        string score =
            advice.FindText("metric") is { } metric ? $"{metric} {Figure.Metric(advice.FindNumber("score"), UnitOf(advice))}, " : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{score}{advice.Number("latencyRatio"):F2} of the time and {advice.Number("sizeRatio"):F2} of the bytes of the float model");
    }

    private static string Loses(Advice advice, string score, string loss) => advice.FindNumber(loss) switch
    {
        null => $"reaches {Figure.Metric(advice.FindNumber(score), UnitOf(advice))} {advice.Text("metric")}",
        <= 0 => "loses nothing measurable",
        { } lost => $"loses {Figure.Margin(lost, UnitOf(advice))} of {advice.Text("metric")}",
    };

    private static bool IsByLoss(Advice advice) => !advice.Flag("spendsLoss") && advice.FindText("metric") is not null;

    private static string BestWay(Advice advice) => NameOf(advice.Choice<QuantizationWay>("bestWay"));

    private static MetricUnit UnitOf(Advice advice) => advice.Choice<MetricUnit>("unit");
}
