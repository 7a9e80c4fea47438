using Quantization.Onnx;
using ScottPlot;

namespace Quantization.Reporting;

/// <summary>The models to choose from: the metric against something that is paid for it.</summary>
internal static class CurvePicture
{
    private const int Width = 520;
    private const int Height = 320;

    /// <summary>How wide and high a label is, as a share of the axes: labels nearer than that are left out.</summary>
    private const double LabelWidth = 0.06, LabelHeight = 0.07;

    /// <summary>
    /// Dots further below the target than so many times the loss that it allows are drawn at the edge: bad models must not squeeze the
    /// others together.
    /// </summary>
    private const double LongestTail = 5;

    /// <param name="report">The report.</param>
    /// <param name="partial">The points.</param>
    /// <param name="price">What is paid.</param>
    /// <param name="unit">The price's name and unit.</param>
    /// <param name="isLine">Whether the points to choose from lie on a line: where none of them is beaten by another.</param>
    /// <param name="number">The picture's number.</param>
    public static string Draw(
        QuantizationReport report, ReportPartial partial, Func<ReportPartialPoint, double> price, string unit, bool isLine, int number)
    {
        double scale = report.Unit == MetricUnit.Share ? 100 : 1;
        ReportPartialPoint[] curve = [.. partial.Curve.Where(point => double.IsFinite(point.Score))];
        ReportPartialPoint[] all = [.. curve.Append(partial.AllInt8).Append(partial.Written).Where(point => double.IsFinite(point.Score))
            .DistinctBy(point => (price(point), point.Score))];
        (double worst, double best) = Scores(report, partial, all);
        double Shown(ReportPartialPoint point) => scale * Math.Clamp(point.Score, Math.Min(worst, best), Math.Max(worst, best));

        Plot plot = Picture.Create();
        (double left, double right) = Widen(all.Min(price), all.Max(price), 0.05);
        (double bottom, double top) = Widen(scale * Math.Min(worst, best), scale * Math.Max(worst, best), 0.1);
        plot.Axes.SetLimits(left, right, bottom, top);
        if (partial.Threshold is { } threshold)
        {
            var line = plot.Add.HorizontalLine(scale * threshold);
            line.Color = Palette.Ink;
            line.LineWidth = 1.5f;
        }

        if (isLine)
        {
            var path = plot.Add.ScatterLine(curve.Select(price).ToArray(), curve.Select(Shown).ToArray());
            path.Color = Palette.Main;
            path.LineWidth = 2;
        }

        List<(double X, double Y)> labels = [];
        foreach (ReportPartialPoint point in all.OrderByDescending(point => point.IsWritten)
            .ThenByDescending(point => Shown(point) == scale * point.Score))
        {
            (double x, double y) = (price(point), Shown(point));
            MarkerShape shape = y == scale * point.Score ? MarkerShape.FilledCircle
                : report.LargerIsBetter ? MarkerShape.OpenTriangleDown
                : MarkerShape.OpenTriangleUp;
            plot.Add.Marker(x, y, shape, point.IsWritten ? 12 : 7, point.IsWritten ? Palette.Kept : Palette.Main);
            (double X, double Y) place = ((x - left) / (right - left), (y - bottom) / (top - bottom));
            if (labels.TrueForAll(other => Math.Abs(other.X - place.X) > LabelWidth || Math.Abs(other.Y - place.Y) > LabelHeight))
            {
                labels.Add(place);
                var text = plot.Add.Text(Figure.Count(point.FloatLayers.Count), x, y);
                text.LabelFontColor = Palette.Ink;
                text.LabelFontSize = 11;
                text.LabelAlignment = Alignment.LowerCenter;
                text.OffsetY = -6;
            }
        }

        plot.XLabel(unit, 12);
        plot.YLabel(report.Metric + (scale > 1 ? ", %" : ""), 12);
        return Picture.ToSvg(plot, Width, Height, Describe(report, partial, unit), number);
    }

    /// <summary>The scores between which points are distinguished.</summary>
    private static (double Worst, double Best) Scores(QuantizationReport report, ReportPartial partial, ReportPartialPoint[] points)
    {
        double sign = report.LargerIsBetter ? 1 : -1;
        double[] wanted = partial.Threshold is { } threshold ? [partial.Written.Score, threshold] : [partial.Written.Score];
        double best = points.Select(point => point.Score).Concat(wanted).Where(double.IsFinite).MaxBy(score => sign * score);
        double worst = points.Select(point => point.Score).Concat(wanted).Where(double.IsFinite).MinBy(score => sign * score);
        double least = wanted.Where(double.IsFinite).DefaultIfEmpty(best).MinBy(score => sign * score);
        double tail = Math.Max(Math.Abs(best - least), Math.Abs(best) * 1e-3) * LongestTail;
        return (sign * Math.Max(sign * worst, sign * least - tail), best);
    }

    private static string Describe(QuantizationReport report, ReportPartial partial, string unit)
    {
        string target = partial.Threshold is { } threshold ? $"; the target is {Figure.Metric(threshold, report.Unit)}" : "";
        return $"{report.Metric} against {unit}: all layers in int8 give {Figure.Metric(partial.AllInt8.Score, report.Unit)}, the model "
            + $"that was written, with {partial.Written.FloatLayers.Count} layers in float, "
            + $"{Figure.Metric(partial.Written.Score, report.Unit)}{target}";
    }

    private static (double Low, double High) Widen(double low, double high, double share)
    {
        double margin = Math.Max((high - low) * share, Math.Max(Math.Abs(high) * 1e-3, 1e-9));
        return (low - margin, high + margin);
    }
}
