using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Renders the most important figures.</summary>
internal static class TileSection
{
    public static void Render(HtmlWriter html, QuantizationReport report)
    {
        List<string> tiles = [];
        if (report.Quantized.Top1 is not null)
        {
            Tile(tiles, "Top-1 accuracy", Figure.Percent(report.Quantized.Top1), $"float {Figure.Percent(report.Float.Top1)}");
        }
        else if (report.Metric is not null && report.Float.Score is { } score && double.IsFinite(score))
        {
            Tile(tiles, report.Metric, Figure.Metric(report.Quantized.Score, report.Unit), $"float {Figure.Metric(score, report.Unit)}");
        }

        if (report.Quantized.Agreement is { } agreement)
        {
            Tile(tiles, "Same class as float", Figure.Percent(agreement), $"of {Figure.Count(report.Data.ScoringSamples)} samples");
        }

        if (report.Quantized.Perplexity is { } perplexity)
        {
            Tile(tiles, "Perplexity", Figure.Value(perplexity), $"float {Figure.Value(report.Float.Perplexity!.Value)}, KL divergence "
                + $"{Figure.Metric(report.Quantized.KullbackLeibler, MetricUnit.Nats)}");
        }

        foreach ((ReportFigure figure, ReportFigure ofFloat) in report.Quantized.Figures.Zip(report.Float.Figures)
            .Where(each => each.First.Name != report.Metric))
        {
            Tile(tiles, figure.Name, Figure.Metric(figure.Value, figure.Unit), $"float {Figure.Metric(ofFloat.Value, ofFloat.Unit)}");
        }

        if (report.Quantized.SignalToNoise is { } ratio)
        {
            Tile(tiles, "SQNR of the outputs", Figure.Decibels(ratio), "signal to quantization noise");
        }

        double size = (double)report.Quantized.Bytes!.Value / report.Float.Bytes!.Value;
        Tile(
            tiles,
            "File size",
            Figure.Bytes(report.Quantized.Bytes),
            string.Create(CultureInfo.InvariantCulture, $"{100 * size:F0} % of {Figure.Bytes(report.Float.Bytes)}"));
        if (report.Quantized.MedianMilliseconds is { } time)
        {
            Tile(tiles, "Median time of a run", Figure.Milliseconds(time), $"float {Figure.Milliseconds(report.Float.MedianMilliseconds)}, "
                + $"{Figure.Speed(time / report.Float.MedianMilliseconds!.Value)}");
        }

        if (report.TokenSpeed is { } speed)
        {
            Tile(
                tiles,
                "Tokens written a second",
                Figure.Value(speed.Quantized.TokensPerSecond),
                $"float {Figure.Value(speed.Float.TokensPerSecond)}, {Figure.Speed(1 / speed.Ratio)}");
        }

        if (report.Partial is { } partial)
        {
            Tile(
                tiles,
                "Layers in float",
                $"{Figure.Count(partial.Written.FloatLayers.Count)} of {Figure.Count(partial.Layers.Count)}",
                $"{Figure.Percent(partial.Written.Int8Share)} of the compute in int8");
        }

        if (report.Int8Operators.Count > 0)
        {
            Tile(
                tiles,
                "Nodes in int8",
                Figure.Count(report.Int8Operators.Values.Sum()),
                $"{report.Conversions.ToString(CultureInfo.InvariantCulture)} {(report.Conversions == 1 ? "conversion" : "conversions")} "
                    + "to and from float");
        }

        html.Raw(string.Create(CultureInfo.InvariantCulture, $"<div class=\"tiles\" style=\"--columns: {ColumnsOf(tiles.Count)}\">"));
        tiles.ForEach(tile => html.Raw(tile));
        html.Raw("</div>");
    }

    /// <summary>As many columns as leave no tile alone in the last row.</summary>
    private static int ColumnsOf(int tiles) => tiles <= 5 ? tiles : tiles % 4 == 1 || tiles == 6 ? 3 : 4;

    private static void Tile(List<string> tiles, string title, string figure, string detail) =>
        tiles.Add(
            $"<div class=\"tile\">{HtmlWriter.Encode(title)}<b>{HtmlWriter.Encode(figure)}</b>"
                + $"<small>{HtmlWriter.Encode(detail)}</small></div>");
}
