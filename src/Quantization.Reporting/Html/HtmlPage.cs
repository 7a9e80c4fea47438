using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Renders a report as one page that loads nothing: style and pictures are inside, and the page forbids itself everything else.</summary>
internal static class HtmlPage
{
    private const int MostTrials = 12;
    private const int LongestStart = 512;
    private const string Start = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">";
    private const string Generator = "<meta name=\"generator\" content=\"Quantization.Reporting\">";

    /// <summary>Version 0.1.0 did not name itself.</summary>
    private const string FirstVersion = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>";

    /// <summary>Whether a file is a page of this kind; false where there is none.</summary>
    public static bool IsOne(string path)
    {
        if (RegularFile.KindOf(path) != FileKind.Regular)
        {
            return false;
        }

        using StreamReader reader = new(path);
        char[] start = new char[LongestStart];
        string read = new string(start, 0, reader.ReadBlock(start)).ReplaceLineEndings("");
        return read.StartsWith(Start + Generator, StringComparison.Ordinal) || read.StartsWith(Start + FirstVersion, StringComparison.Ordinal);
    }

    /// <summary>The page of a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="render">Words advice and warnings.</param>
    public static string Render(QuantizationReport report, Func<Advice, string> render)
    {
        HtmlWriter html = new();
        html.Raw(Start)
            .Raw(Generator)
            .Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .Raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">")
            .Element("title", $"{report.Model}, quantized")
            .Raw($"<style>\n{Style()}</style></head><body>");
        Head(html, report);
        Words(html, report, render);
        int pictures = 0;
        PartialSection.Render(html, report, render, ref pictures);
        Layers(html, report, ref pictures);
        BlockSection.Render(html, report, ref pictures);
        Trials(html, report, ref pictures);
        Tensors(html, report, ref pictures);
        Nodes(html, report);
        Facts(html, report);
        return html.Raw("</body></html>").ToString();
    }

    /// <summary>How much padding was left out, in a sentence; empty where there was none.</summary>
    private static string Padding(ReportPadding? padding) => padding is null or { MaskedPositions: 0 } ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $" {padding.MaskedPositions:N0} of {padding.Positions:N0} positions are padding by {padding.Mask} and do not count in the ranges of {padding.Axes.Count:N0} activations.");

    private static void Head(HtmlWriter html, QuantizationReport report)
    {
        html.Element("h1", $"{report.Model}: what quantization did")
            .Element("p", $"{report.Data.CalibrationSamples.ToString("N0", CultureInfo.InvariantCulture)} samples calibrated, {report.Data.ScoringSamples.ToString("N0", CultureInfo.InvariantCulture)} others scored. {report.Data.Split}{Padding(report.Data.Padding)}")
            .Raw("<div class=\"tiles\">");
        if (report.Quantized.Top1 is not null)
        {
            Tile(html, "Top-1 accuracy", Figure.Percent(report.Quantized.Top1), $"float {Figure.Percent(report.Float.Top1)}");
        }
        else if (report.Metric is not null && report.Float.Score is { } score && double.IsFinite(score))
        {
            Tile(html, report.Metric, Figure.Metric(report.Quantized.Score, report.Unit), $"float {Figure.Metric(score, report.Unit)}");
        }

        if (report.Quantized.Perplexity is { } perplexity)
        {
            Tile(html, "Perplexity", Figure.Value(perplexity), $"float {Figure.Value(report.Float.Perplexity!.Value)}, KL divergence {Figure.Metric(report.Quantized.KullbackLeibler, MetricUnit.Nats)}");
        }

        foreach ((ReportFigure figure, ReportFigure ofFloat) in report.Quantized.Figures.Zip(report.Float.Figures).Where(each => each.First.Name != report.Metric))
        {
            Tile(html, figure.Name, Figure.Metric(figure.Value, figure.Unit), $"float {Figure.Metric(ofFloat.Value, ofFloat.Unit)}");
        }

        Tile(html, "SQNR of the outputs", Figure.Decibels(report.Quantized.SignalToNoise), report.Quantized.Agreement is { } agreement ? $"same class as float: {Figure.Percent(agreement)}" : "signal to quantization noise");
        Tile(html, "File size", Figure.Bytes(report.Quantized.Bytes), $"float {Figure.Bytes(report.Float.Bytes)}, {Figure.Ratio((double)report.Quantized.Bytes!.Value / report.Float.Bytes!.Value)}×");
        if (report.Quantized.MedianMilliseconds is { } time)
        {
            Tile(html, "Median time of a run", Figure.Milliseconds(time), $"float {Figure.Milliseconds(report.Float.MedianMilliseconds)}, {Figure.Ratio(time / report.Float.MedianMilliseconds!.Value)}×");
        }

        if (report.TokenSpeed is { } speed)
        {
            Tile(html, "Tokens written a second", Figure.Value(speed.Quantized.TokensPerSecond), $"float {Figure.Value(speed.Float.TokensPerSecond)}, {Figure.Ratio(speed.Ratio)}×");
        }

        if (report.Partial is { } partial)
        {
            Tile(html, "Layers in float", $"{Figure.Count(partial.Written.FloatLayers.Count)} of {Figure.Count(partial.Layers.Count)}", $"{Figure.Percent(partial.Written.Int8Share)} of the compute in int8");
        }

        Tile(html, "Nodes in int8", Figure.Count(report.Int8Operators.Values.Sum()), $"{report.Conversions.ToString(CultureInfo.InvariantCulture)} {(report.Conversions == 1 ? "conversion" : "conversions")} to and from float");
        html.Raw("</div>");
    }

    private static void Tile(HtmlWriter html, string title, string figure, string detail) =>
        html.Raw($"<div class=\"tile\">{HtmlWriter.Encode(title)}<b>{HtmlWriter.Encode(figure)}</b><small>{HtmlWriter.Encode(detail)}</small></div>");

    private static void Words(HtmlWriter html, QuantizationReport report, Func<Advice, string> render)
    {
        html.Element("h2", "In plain words").Raw("<div class=\"words\">");
        foreach (Advice advice in report.Advice.Concat(report.Warnings))
        {
            html.Element("p", render(advice));
        }

        html.Raw("</div>");
    }

    private static void Trials(HtmlWriter html, QuantizationReport report, ref int pictures)
    {
        if (report.Trials.Count == 0)
        {
            return;
        }

        html.Element("h2", "Calibrators compared")
            .Element("p", $"A calibrator chooses, from what the calibration samples showed, the range of values that an activation's codes cover. Each row is one calibrator, each dot a model that was tried, scored by {report.Metric}: {(report.LargerIsBetter ? "further right is better" : "further left is better")}. The upright line is the float model; triangles lie outside the picture.")
            .Raw("<p class=\"soft\"><span class=\"key main\"></span> weights per channel &nbsp; <span class=\"key second\"></span> weights per tensor &nbsp; <span class=\"key warn\"></span> kept</p>")
            .Raw($"<figure>{TrialPicture.Draw(report, pictures++)}</figure>")
            .Table(
                ["Model", $"#{report.Metric}", "#Agreement with float", "#SQNR of outputs", "#Cosine", "#KL divergence", "Same as"],
                ShownTrials(report).Select(trial => (
                    trial.IsBest,
                    (IReadOnlyList<string>)
                    [
                        trial.Name,
                        Figure.Metric(trial.Score, report.Unit),
                        Figure.Percent(trial.Agreement),
                        Figure.Decibels(trial.SignalToNoise),
                        trial.Cosine.ToString("F5", CultureInfo.InvariantCulture),
                        Figure.Metric(trial.KullbackLeibler, MetricUnit.Nats),
                        trial.SameAs ?? "",
                    ])))
            .Element("p", $"The best combinations, the model that was kept and plain quantization ({report.Baseline!.Name}); all {Figure.Count(report.Trials.Count)} models stand in the JSON form of this report.");
    }

    private static IEnumerable<ReportTrial> ShownTrials(QuantizationReport report)
    {
        ReportTrial[] combinations = [.. report.Trials.Where(trial => trial.OwnCalibrators.Count == 0)
            .OrderBy(trial => report.LargerIsBetter ? -trial.Score : trial.Score)
            .ThenByDescending(trial => trial.SignalToNoise)
            .Take(MostTrials)];
        return combinations.Append(report.Trials[0]).Prepend(report.Trials.Single(trial => trial.IsBest)).Distinct();
    }

    private static void Layers(HtmlWriter html, QuantizationReport report, ref int pictures)
    {
        if (report.Layers.Count == 0)
        {
            return;
        }

        ReportLayer? worst = report.Layers.Where(layer => layer.NoiseShare is not null).MaxBy(layer => layer.NoiseShare);
        html.Element("h2", "Layers")
            .Element("p", "Left: each layer with weights was quantized alone, and the noise that it then puts on the model's outputs was measured; the longest bar hurts most. Right: the whole int8 model beside the float model, layer by layer; a step down shows where noise comes in. SQNR is the ratio of the signal to the quantization noise: 10 dB less is ten times the noise.")
            .Raw("<div class=\"charts\">");
        if (worst is not null)
        {
            html.Raw($"<figure>{LayerPicture.Draw(report.Layers, pictures++)}<figcaption>Share of the noise that the layers, each quantized alone, make at the outputs.</figcaption></figure>");
        }

        html.Raw($"<figure>{NoisePicture.Draw(report.Layers, pictures++)}<figcaption>SQNR after each layer of the int8 model.</figcaption></figure></div>")
            .Table(
                ["#No.", "Layer", "Operator", "#Share of the noise", "#SQNR of the outputs, alone in int8", "#SQNR here, all in int8"],
                report.Layers.Select((layer, i) => (
                    layer == worst,
                    (IReadOnlyList<string>)[(i + 1).ToString(CultureInfo.InvariantCulture), layer.Node, layer.Operator, Figure.Percent(layer.NoiseShare), Figure.Decibels(layer.OwnSignalToNoise), Figure.Decibels(layer.SignalToNoise)])));
    }

    private static void Tensors(HtmlWriter html, QuantizationReport report, ref int pictures)
    {
        if (report.Tensors.Count == 0)
        {
            return;
        }

        html.Element("h2", "Activations and their ranges")
            .Element("p", "What the calibration samples showed of each activation; counts on a logarithmic axis, zeros left out. The shaded range gets codes; values outside it are clipped to its ends. A wide range loses no value but has coarse steps.")
            .Raw("<div class=\"tensors\">");
        foreach (ReportTensor tensor in report.Tensors)
        {
            string clipped = tensor.ClippedShare == 0 ? "nothing clipped" : $"{(100 * tensor.ClippedShare).ToString("G2", CultureInfo.InvariantCulture)} % clipped";
            string others = string.Join(", ", tensor.OtherRanges.Select(range => $"{range.Calibrator} [{Figure.Value(range.Min)}, {Figure.Value(range.Max)}]"));
            html.Raw($"<figure>{HistogramPicture.Draw(tensor, pictures++)}<figcaption><b>{HtmlWriter.Encode(tensor.Name)}</b><br>"
                + HtmlWriter.Encode($"{tensor.Calibrator} [{Figure.Value(tensor.RangeMin)}, {Figure.Value(tensor.RangeMax)}], {clipped}; seen [{Figure.Value(tensor.ObservedMin)}, {Figure.Value(tensor.ObservedMax)}]")
                + (others.Length == 0 ? "" : $"<br>{HtmlWriter.Encode($"others: {others}")}")
                + (tensor.Note is null ? "" : $"<br>{HtmlWriter.Encode(tensor.Note)}")
                + "</figcaption></figure>");
        }

        html.Raw("</div>");
    }

    private static void Nodes(HtmlWriter html, QuantizationReport report)
    {
        html.Element("h2", "What runs in int8");
        if (report.QuantizedNodes.Count == 0)
        {
            html.Element("p", "Nothing: the output is the float model.");
        }
        else
        {
            Int8Nodes(html, report);
        }

        if (report.FloatNodes.Count > 0)
        {
            html.Element("p", "These nodes with weights stay in float:")
                .Table(["Node", "Why"], report.FloatNodes.Select(each => (false, (IReadOnlyList<string>)[each.Key, each.Value])));
        }
    }

    private static void Int8Nodes(HtmlWriter html, QuantizationReport report)
    {
        html.Element("p", $"{Figure.Count(report.QuantizedNodes.Count)} nodes were quantized. As ONNX Runtime optimizes the model on this machine, these run on integers:")
            .Table(["Operator", "#Nodes"], report.Int8Operators.Select(each => (false, (IReadOnlyList<string>)[each.Key, Figure.Count(each.Value)])));
        if (report.ConversionReasons.Count > 0)
        {
            html.Element("p", "Conversions between floats and codes cost time. These are left:")
                .Table(["Conversion", "#How many"], report.ConversionReasons.CountBy(reason => reason).OrderByDescending(each => each.Value).Select(each => (false, (IReadOnlyList<string>)[each.Key, Figure.Count(each.Value)])));
        }

        html.Element("p", $"Quantized: {string.Join(", ", report.QuantizedNodes)}.");
    }

    private static void Facts(HtmlWriter html, QuantizationReport report)
    {
        IEnumerable<KeyValuePair<string, string>> versions = report.Versions
            .Append(new("Float model, SHA-256", report.ModelSha256))
            .Append(new("Report made", report.Created.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)));
        html.Element("h2", "Settings").Table(["Setting", "Value"], report.Settings.Select(Row));
        html.Element("h2", "Versions").Table(["What", "Which"], versions.Select(Row));

        static (bool, IReadOnlyList<string>) Row(KeyValuePair<string, string> pair) => (false, [pair.Key, pair.Value]);
    }

    private static string Style()
    {
        using StreamReader reader = new(typeof(HtmlPage).Assembly.GetManifestResourceStream("report.css")!);
        return reader.ReadToEnd();
    }
}
