using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>
/// Renders a report as one page that loads nothing: style, pictures and one small script are inside, and the page forbids itself everything
/// else.
/// </summary>
internal static class HtmlPage
{
    private const int MaxTrials = 12;
    private const int LongestStart = 512;
    private const string Start = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">";
    private const string Generator = "<meta name=\"generator\" content=\"Quantization.Reporting\">";

    /// <summary>Sorts tables and lights rows up; the page is complete without it, and runs no other script.</summary>
    private static readonly string Script = Read("report.js");

    /// <summary>Version 0.1.0 did not name itself.</summary>
    private const string FirstVersion = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta "
        + "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>";

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
        return read.StartsWith(Start + Generator, StringComparison.Ordinal)
            || read.StartsWith(Start + FirstVersion, StringComparison.Ordinal);
    }

    /// <summary>The page of a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="render">Words advice and warnings.</param>
    public static string Render(QuantizationReport report, Func<Advice, string> render)
    {
        HtmlWriter body = new();
        Words(body, report, render);
        int pictures = 0;
        PartialSection.Render(body, report, render, ref pictures);
        LayerSection.Render(body, report, ref pictures);
        RefinementSection.Render(body, report);
        BlockSection.Render(body, report, ref pictures);
        Trials(body, report, ref pictures);
        Tensors(body, report, ref pictures);
        NodeSection.Render(body, report);
        Facts(body, report);

        HtmlWriter html = new();
        html.Raw(Start)
            .Raw(Generator)
            .Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .Raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src "
                + $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Script)))}'\">")
            .Element("title", $"{report.Model}, quantized")
            .Raw($"<style>\n{Read("report.css")}</style></head><body>");
        Head(html, report, render);
        Contents(html, body.Sections);
        return html.Raw(body.ToString()).Raw($"<script>{Script}</script></body></html>").ToString();
    }

    /// <summary>How much padding was left out, in a sentence; empty where there was none.</summary>
    private static string Padding(ReportPadding? padding) => padding is null or { MaskedPositions: 0 } ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $" {padding.MaskedPositions:N0} of {padding.Positions:N0} positions are padding by {padding.Mask} and do not count in the ranges "
            + $"of {padding.Axes.Count:N0} activations.");

    private static void Head(HtmlWriter html, QuantizationReport report, Func<Advice, string> render)
    {
        html.Element("h1", $"{report.Model}: what quantization did");
        VerdictSection.Render(html, report, render);
        TileSection.Render(html, report);
        html.Element("p", $"{Figure.Count(report.Data.CalibrationSamples)} samples calibrated, {Figure.Count(report.Data.ScoringSamples)} "
            + $"scored. {report.Data.Split}{Padding(report.Data.Padding)}");
        if (report.Data.Preprocessing is { } preprocessing)
        {
            html.Element("p", $"Samples: {preprocessing}.");
        }
    }

    private static void Contents(HtmlWriter html, IReadOnlyList<(string Id, string Title)> sections)
    {
        html.Raw("<nav aria-label=\"Contents\"><ul>");
        foreach ((string id, string title) in sections)
        {
            html.Raw($"<li><a href=\"#{id}\">{HtmlWriter.Encode(title)}</a></li>");
        }

        html.Raw("</ul></nav>");
    }

    private static void Words(HtmlWriter html, QuantizationReport report, Func<Advice, string> render)
    {
        Advice[] statements = [.. report.Advice.Where(advice => !VerdictSection.IsNext(advice)), .. report.Warnings];
        if (statements.Length == 0)
        {
            return;
        }

        html.Section("In plain words").Raw("<div class=\"words\">");
        foreach (Advice advice in statements)
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

        ReportTrial[] shown = [.. ShownTrials(report)];
        bool hasSame = shown.Any(trial => trial.SameAs is not null);
        html.Section("Calibrators compared")
            .Element("p", "A calibrator chooses the range of values that an activation's codes cover, from its values on the calibration "
                + $"samples. Each row is one calibrator, and each dot is a model that was tried, scored by {report.Metric}: "
                + $"{(report.LargerIsBetter ? "further right is better" : "further left is better")}. The upright line is the float model; "
                + "triangles lie outside the picture.")
            .Raw("<p class=\"soft\"><span class=\"key main\"></span> weights per channel &nbsp; <span class=\"key second\"></span> weights "
                + "per tensor &nbsp; <span class=\"key kept\"></span> kept</p>")
            .Raw($"<figure>{TrialPicture.Draw(report, pictures++)}</figure>")
            .Table(
                ["Model", $"#{report.Metric}", "#Agreement with float", "#SQNR of outputs", "#Cosine", "#KL divergence",
                    .. hasSame ? (string[])["Same as"] : []],
                shown.Select(trial => (
                    trial.IsBest ? RowMark.Kept : RowMark.None,
                    (IReadOnlyList<string>)
                    [
                        trial.Name,
                        Figure.Metric(trial.Score, report.Unit),
                        Figure.Percent(trial.Agreement),
                        Figure.Decibels(trial.SignalToNoise),
                        trial.Cosine.ToString("F5", CultureInfo.InvariantCulture),
                        Figure.Metric(trial.KullbackLeibler, MetricUnit.Nats),
                        .. hasSame ? (string[])[trial.SameAs ?? ""] : [],
                    ])))
            .Element("p", $"The best combinations, the model that was kept and plain quantization ({report.Baseline!.Name}). All "
                + $"{Figure.Count(report.Trials.Count)} models are in the JSON form of this report.");
    }

    private static IEnumerable<ReportTrial> ShownTrials(QuantizationReport report)
    {
        ReportTrial[] combinations = [.. report.Trials.Where(trial => trial.OwnCalibrators.Count == 0)
            .OrderBy(trial => report.LargerIsBetter ? -trial.Score : trial.Score)
            .ThenByDescending(trial => trial.SignalToNoise)
            .Take(MaxTrials)];
        return combinations.Append(report.Trials[0]).Prepend(report.Trials.Single(trial => trial.IsBest)).Distinct();
    }

    private static void Tensors(HtmlWriter html, QuantizationReport report, ref int pictures)
    {
        if (report.Tensors.Count == 0)
        {
            return;
        }

        html.Section("Activations and their ranges")
            .Element("p", "The values of each activation on the calibration samples: counts on a logarithmic axis, without zeros. The "
                + "shaded range gets codes; values outside it are clipped to its ends. A wide range clips nothing but has coarse steps.")
            .Raw("<div class=\"tensors\">");
        foreach (ReportTensor tensor in report.Tensors)
        {
            string clipped = tensor.ClippedShare == 0
                ? "nothing clipped"
                : $"{(100 * tensor.ClippedShare).ToString("G2", CultureInfo.InvariantCulture)} % clipped";
            string others = string.Join(
                ", ", tensor.OtherRanges.Select(range => $"{range.Calibrator} [{Figure.Value(range.Min)}, {Figure.Value(range.Max)}]"));
            html.Raw($"<figure>{HistogramPicture.Draw(tensor, pictures++)}<figcaption><b>{HtmlWriter.Encode(tensor.Name)}</b><br>"
                + HtmlWriter.Encode($"{tensor.Calibrator} [{Figure.Value(tensor.RangeMin)}, {Figure.Value(tensor.RangeMax)}], {clipped}; "
                    + $"seen [{Figure.Value(tensor.ObservedMin)}, {Figure.Value(tensor.ObservedMax)}]")
                + (others.Length == 0 ? "" : $"<br>{HtmlWriter.Encode($"others: {others}")}")
                + (tensor.Note is null ? "" : $"<br>{HtmlWriter.Encode(tensor.Note)}")
                + "</figcaption></figure>");
        }

        html.Raw("</div>");
    }

    private static void Facts(HtmlWriter html, QuantizationReport report)
    {
        IEnumerable<KeyValuePair<string, string>> versions = report.Versions
            .Append(new("Float model, SHA-256", report.ModelSha256))
            .Append(new("Report made", report.Created.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)));
        if (report.Settings.Count > 0)
        {
            html.Section("Settings").Table(["Setting", "Value"], report.Settings.Select(Row));
        }

        html.Section("Versions").Table(["What", "Which"], versions.Select(Row));

        static (RowMark, IReadOnlyList<string>) Row(KeyValuePair<string, string> pair) => (RowMark.None, [pair.Key, pair.Value]);
    }

    private static string Read(string resource)
    {
        using StreamReader reader = new(typeof(HtmlPage).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
