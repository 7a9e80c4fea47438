using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Renders what readers want to know first: whether the model can be used, what was gained, and what to run next.</summary>
internal static class VerdictSection
{
    public static void Render(HtmlWriter html, QuantizationReport report, Func<Advice, string> render)
    {
        html.Raw($"<section class=\"verdict {ClassOf(report.Verdict)}\">")
            .Raw($"<p class=\"headline\">{HtmlWriter.Encode(VerdictWords.Of(report))}</p>");
        if (Gains(report) is { } gains)
        {
            html.Element("p", gains);
        }

        if (report.Advice.FirstOrDefault(IsNext) is { } next)
        {
            html.Element("p", render(next));
        }

        if (report.NextCommand is { } command)
        {
            html.Raw($"<pre class=\"command\"><code>{HtmlWriter.Encode(command)}</code></pre>");
        }

        html.Raw("</section>");
    }

    /// <summary>Whether an advice says what to do next; it stands in the verdict.</summary>
    public static bool IsNext(Advice advice) => advice.Code.ToString().StartsWith("Next", StringComparison.Ordinal);

    private static string ClassOf(ReportVerdict verdict) => verdict switch
    {
        ReportVerdict.Good => "good",
        ReportVerdict.Lossy => "bad",
        _ => "unclear",
    };

    private static string? Gains(QuantizationReport report)
    {
        if (report.QuantizedNodes.Count == 0)
        {
            return null;
        }

        string size = string.Create(
            CultureInfo.InvariantCulture, $"{100.0 * report.Quantized.Bytes!.Value / report.Float.Bytes!.Value:F0} % of the size");
        bool isRough = report.Warnings.Any(warning => warning.Code == AdviceCode.LatencyDisturbed);
        return report.Quantized.MedianMilliseconds / report.Float.MedianMilliseconds is { } ratio
            ? $"{size}, {Figure.Speed(ratio)}{(isRough ? ", roughly, as the machine was busy" : "")}."
            : $"{size}.";
    }
}
