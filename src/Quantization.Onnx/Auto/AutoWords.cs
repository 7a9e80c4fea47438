using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Says in sentences what became of models, with the figures that decided.</summary>
/// <param name="budget">What a model might cost.</param>
/// <param name="metric">What models were scored by; null where inputs were generated.</param>
/// <param name="floatBytes">The bytes of the float model.</param>
internal sealed class AutoWords(AutoBudget budget, ModelMetric? metric, long floatBytes)
{
    private const string Generated = "The inputs were generated: they tell speed and size, not accuracy. Measure it before the model is used.";

    /// <summary>What a way is called.</summary>
    public static string NameOf(QuantizationWay way) => way switch
    {
        QuantizationWay.StaticInt8 => "int8, static",
        QuantizationWay.DynamicInt8 => "int8, dynamic",
        QuantizationWay.WeightsInt8 => "weights in 8 bits",
        QuantizationWay.WeightsInt4 => "weights in 4 bits",
        _ => "float16",
    };

    /// <summary>Why a model that was measured was picked or not.</summary>
    /// <param name="verdict">What became of it.</param>
    /// <param name="row">Its figures.</param>
    /// <param name="best">Those of the model that was picked; null where none was.</param>
    public string Explain(AutoVerdict verdict, AutoRow row, AutoRow? best) => verdict switch
    {
        AutoVerdict.Chosen => $"{Figures(row)}: {Merit}.",
        AutoVerdict.LosesTooMuch => $"It {Loses(row)}; {Figure.Margin(budget.MaxLoss!.Value, metric!.Unit)} may be lost.",
        AutoVerdict.TooSlow => $"It takes {Figure.Ratio(row.LatencyRatio)} of the float model's time; {Figure.Ratio(budget.MaxLatencyRatio!.Value)} is allowed.",
        AutoVerdict.TooLarge => $"It takes {Figure.Bytes(row.Bytes)}; {Figure.Bytes((long)budget.MostBytes(floatBytes)!.Value)} are allowed.",
        AutoVerdict.NotFaster => $"It is not faster than the float model: {Figure.Ratio(row.LatencyRatio)} of its time.",
        AutoVerdict.NotSmaller => $"It is not smaller than the float model: {Figure.Ratio((double)row.Bytes / floatBytes)} of its bytes.",
        AutoVerdict.LosesMore => $"It {Loses(row)}; {NameOf(best!.Value.Way)} {Loses(best.Value)}.",
        AutoVerdict.Slower when budget.MaxLoss is null && metric is not null =>
            $"It loses no less, and takes {Figure.Ratio(row.LatencyRatio)} of the float model's time; {NameOf(best!.Value.Way)} takes {Figure.Ratio(best.Value.LatencyRatio)}.",
        AutoVerdict.Slower => $"It takes {Figure.Ratio(row.LatencyRatio)} of the float model's time; {NameOf(best!.Value.Way)} takes {Figure.Ratio(best.Value.LatencyRatio)}.",
        _ => $"Without samples nobody knows what it loses; {NameOf(best!.Value.Way)} usually loses less.",
    };

    /// <summary>What was picked and why, or what to do where nothing was.</summary>
    /// <param name="best">The model that was picked; null where none is within the budget.</param>
    /// <param name="nearest">The one that is nearest to the budget; null where none was measured.</param>
    /// <param name="nearestVerdict">What it exceeds.</param>
    public string Summarize(AutoRow? best, AutoRow? nearest, AutoVerdict nearestVerdict)
    {
        string remark = metric is null ? $" {Generated}" : "";
        if (best is { } row)
        {
            return $"Picked {NameOf(row.Way)}. {char.ToUpperInvariant(Figures(row)[0])}{Figures(row)[1..]}: {Merit}.{remark}";
        }

        string near = nearest is { } other
            ? $" The nearest is {NameOf(other.Way)} with {Figures(other)}. {Explain(nearestVerdict, other, null)}"
            : "";
        return $"Leave the model as it is: no way of quantizing gives a model {Wanted}.{near}{remark}";
    }

    /// <summary>What the budget asks for.</summary>
    private string Wanted => string.Join(" and ", (string[])
    [
        .. budget.HasCost ? [] : (string[])["that is faster and smaller"],
        .. budget.MaxLoss is { } loss ? [$"that loses at most {Figure.Margin(loss, metric!.Unit)} of {metric.Name}"] : (string[])[],
        .. budget.MaxLatencyRatio is { } latency ? [$"that takes at most {Figure.Ratio(latency)} of the time"] : (string[])[],
        .. budget.MostBytes(floatBytes) is { } bytes ? [$"of at most {Figure.Bytes((long)bytes)}"] : (string[])[],
    ]);

    private string Merit =>
        metric is null ? "of the models within the budget the one that usually loses the least"
        : budget.MaxLoss is not null ? "the fastest of the models within the budget"
        : "the smallest loss of the models within the budget";

    private string Figures(AutoRow row)
    {
        string score = metric is null ? "" : $"{metric.Name} {Figure.Metric(metric.LargerIsBetter ? row.Score : -row.Score, metric.Unit)}, ";
        return string.Create(CultureInfo.InvariantCulture, $"{score}{row.LatencyRatio:F2} of the time and {(double)row.Bytes / floatBytes:F2} of the bytes of the float model");
    }

    private string Loses(AutoRow row) =>
        double.IsNaN(row.Loss) ? $"reaches {Figure.Metric(metric!.LargerIsBetter ? row.Score : -row.Score, metric.Unit)} {metric.Name}"
        : row.Loss <= 0 ? "loses nothing that shows"
        : $"loses {Figure.Margin(row.Loss, metric!.Unit)} of {metric.Name}";
}
