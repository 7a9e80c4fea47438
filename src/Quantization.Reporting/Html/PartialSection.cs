using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>
/// Renders what partial quantization did: the models to choose from, the islands in float, and how sensitive the layers are.
/// </summary>
internal static class PartialSection
{
    /// <summary>So many names of layers fit a table's cell.</summary>
    private const int MaxNames = 6;

    private const string Key =
        "<p class=\"soft\"><span class=\"key main\"></span> int8 &nbsp; <span class=\"key steps\"></span> int8, made more accurate &nbsp; "
            + "<span class=\"key float\"></span> float</p>";

    public static void Render(HtmlWriter html, QuantizationReport report, Func<Advice, string> render, ref int pictures)
    {
        if (report.Partial is not { } partial)
        {
            return;
        }

        Curve(html, report, partial, render, ref pictures);
        ReportRanking[] shown =
            [.. partial.Rankings.GroupBy(ranking => ranking.Measure).Select(PickFigure).OrderByDescending(ranking => ranking.IsUsed)];
        Islands(html, report, partial, shown, ref pictures);
        Sensitivity(html, report, partial, shown, ref pictures);
    }

    private static void Curve(
        HtmlWriter html, QuantizationReport report, ReportPartial partial, Func<Advice, string> render, ref int pictures)
    {
        string better = report.LargerIsBetter ? "higher is better" : "lower is better";
        (double unit, string name) = partial.Curve.Max(point => point.Bytes) < 1_000_000 ? (1e3, "KB") : (1e6, "MB");
        html.Section("How much to leave in float")
            .Element("p", render(partial.Reason))
            .Element("p", "Each dot is a model that was measured on all scoring samples; its number counts the layers in float. No model "
                + "beats one on the line in both directions. The large dot is the model that was "
                + $"written{(partial.Threshold is null ? "" : ", and the horizontal line is the target")}; {better}, and triangles lie "
                + "outside the picture. The layers were chosen on these same samples: if a small margin matters, "
                + "check the model on others.")
            .Raw("<div class=\"charts\">")
            .Raw("<figure>"
                + $"{CurvePicture.Draw(report, partial, point => 100 * point.Int8Share, "share of the compute in int8, %", true, pictures++)}<figcaption>{HtmlWriter.Encode(report.Metric!)} against the share of the multiply-accumulates that run on integers.</figcaption></figure>")
            .Raw($"<figure>{CurvePicture.Draw(report, partial, point => point.Bytes / unit, $"file size, {name}", false, pictures++)}"
                + $"<figcaption>{HtmlWriter.Encode(report.Metric!)} against the size of the file.</figcaption></figure></div>");
        bool isTimed = partial.Curve.Append(partial.Written).Any(point => point.LatencyRatio is not null);
        IEnumerable<ReportPartialPoint> points = partial.Curve.Any(point => point.IsWritten)
            ? partial.Curve
            : partial.Curve.Prepend(partial.Written);
        bool isFiner = points.Any(point => point.WeightOnlyLayers.Count + point.FloatActivations.Count > 0);
        html.Table(
            ["#In float", .. isFiner ? (string[])["#With int8 weights alone", "#Activations in float"] : [], "#Compute in int8",
                "#File size", $"#{report.Metric}", "#SQNR of outputs", .. isTimed ? (string[])["#Time of the int8 model's"] : [],
                "Layers in float"],
            points.Select(point => (
                point.IsWritten ? RowMark.Kept : RowMark.None,
                (IReadOnlyList<string>)
                [
                    Figure.Count(point.FloatLayers.Count),
                    .. isFiner ? (string[])[Figure.Count(point.WeightOnlyLayers.Count), Figure.Count(point.FloatActivations.Count)] : [],
                    Figure.Percent(point.Int8Share), Figure.Bytes(point.Bytes), Figure.Metric(point.Score, report.Unit),
                    Figure.Decibels(point.SignalToNoise),
                    .. isTimed ? (string[])[point.LatencyRatio is { } ratio ? $"{Figure.Ratio(ratio)}×" : Figure.None] : [],
                    Names(point.FloatLayers, partial.Layers.Count),
                ])));
    }

    private static void Islands(HtmlWriter html, QuantizationReport report, ReportPartial partial, ReportRanking[] shown, ref int pictures)
    {
        ReportRanking[] all = [.. partial.Rankings];
        int[] columns = [.. shown.Select(ranking => Array.IndexOf(all, ranking))];
        html.Section(partial.Layers.All(layer => layer.State == ReportLayerState.Int8) ? "The layers, all in int8" : "Islands in float")
            .Element("p", "The layers in execution order, and the share of the compute that each takes. An island is a group of "
                + "neighbouring layers in float. At its borders values are converted between codes and floats, which takes time.")
            .Raw(Key)
            .Raw($"<figure class=\"wide\">{IslandPicture.Draw(partial.Layers, pictures++)}</figure>")
            .Raw("<div class=\"islands\">")
            .Table(
                ["#No.", "Layer", "Operator", "Now", "#Compute",
                    .. shown.Select(ranking => shown.Length == 1 ? "#Sensitivity" : $"#{SensitivityWords.Of(ranking.Measure)}"), "Why"],
                partial.Layers.Select((layer, i) => (
                    layer.State == ReportLayerState.Float ? RowMark.InFloat : RowMark.None,
                    (IReadOnlyList<string>)
                    [
                        (i + 1).ToString(CultureInfo.InvariantCulture), layer.Node, layer.Operator,
                        OutcomeAdvice.State(layer.State == ReportLayerState.Float, layer.Steps), Figure.Percent(layer.ComputeShare),
                        .. columns.Select(column => Figure.Value(layer.Sensitivities[column])), layer.Reason ?? "",
                    ])))
            .Raw("</div>");
        if (partial.FloatActivations.Count > 0)
        {
            html.Element("p", "These activations stay in float, and the layers beside them compute in float with int8 weights:")
                .Table(
                    ["Activation", "Why"],
                    partial.FloatActivations.Select(each => (RowMark.InFloat, (IReadOnlyList<string>)[each.Key, each.Value])));
        }
    }

    private static void Sensitivity(
        HtmlWriter html, QuantizationReport report, ReportPartial partial, ReportRanking[] shown, ref int pictures)
    {
        html.Section("Sensitivity of the layers")
            .Element("p", "The layer with the longest bar loses most when quantized, as measured on "
                + $"{Figure.Count(partial.RankingSamples)} of the scoring "
                + "samples."
                + $"{(partial.Layers.Count > SensitivityPicture.MostBars ? $" The {SensitivityPicture.MostBars} most sensitive of {Figure.Count(partial.Layers.Count)} layers; the table above has all." : "")}")
            .Raw(Key)
            .Raw("<div class=\"charts\">");
        foreach (ReportRanking ranking in shown)
        {
            int index = partial.Rankings.ToList().IndexOf(ranking);
            ReportPartialLayer[] sorted = [.. partial.Layers.OrderByDescending(layer => layer.Sensitivities[index])];
            string unit = SensitivityWords.Unit(ranking, report.Metric!);
            string label = $"Sensitivity of the layers, {SensitivityWords.Of(ranking.Measure)}; the most sensitive are "
                + $"{string.Join(", ", sorted.Take(3).Select(layer => layer.Node))}";
            html.Raw($"<figure>{SensitivityPicture.Draw(sorted, layer => layer.Sensitivities[index], unit, label, pictures++)}<figcaption>"
                + $"{HtmlWriter.Encode($"{SensitivityWords.Of(ranking.Measure)}: {unit}.")}</figcaption></figure>");
        }

        html.Raw("</div>")
            .Element("p", "The cost of each way to rank the layers, and how well its order agrees with the metric's: 1 means the same "
                + $"order, 0 means no relation. {Figure.Count(partial.ModelsRun)} models were run in "
                + $"total{(partial.ModelsResumed > 0 ? $", and an earlier run already had the scores of {Figure.Count(partial.ModelsResumed)}" : "")}; together they took {Figure.Value(partial.Seconds)} s.")
            .Table(
                ["Layers ranked by", "Most sensitive", "#Rank correlation", "#Models", "#From earlier", "#Runs", "#Time"],
                partial.Rankings.Select(ranking => (
                    ranking.IsUsed ? RowMark.Kept : RowMark.None,
                    (IReadOnlyList<string>)
                    [
                        ranking.Name + (ranking.IsUsed ? " (used)" : ""), ranking.MostSensitive,
                        ranking.CorrelationWithMetric is { } correlation ? Figure.Ratio(correlation) : Figure.None,
                        Figure.Count(ranking.Models), Figure.Count(ranking.Resumed), Figure.Count(ranking.Runs),
                        $"{Figure.Value(ranking.Milliseconds / 1000)} s",
                    ])));
    }

    /// <summary>The figure of a measure that bars show: the one that was used, else the noise.</summary>
    private static ReportRanking PickFigure(IEnumerable<ReportRanking> figures) => figures.OrderByDescending(ranking => ranking.IsUsed)
        .ThenByDescending(ranking => ranking.Criterion is SensitivityCriterion.SignalToNoise or SensitivityCriterion.NoiseToSignal)
        .First();

    private static string Names(IReadOnlyList<string> layers, int all) => layers.Count == all
        ? "all: the float model"
        : string.Join(", ", layers.Take(MaxNames)) + (layers.Count > MaxNames ? $" and {Figure.Count(layers.Count - MaxNames)} more" : "");
}
