using Quantization.Onnx;
using ScottPlot;

namespace Quantization.Reporting;

/// <summary>What every trial scored: one row per calibrator, one dot per trial.</summary>
internal static class TrialPicture
{
    private const int Width = 640;

    /// <summary>
    /// Dots further from the best than so many times the median's distance are drawn at the edge: one hopeless calibrator must not squeeze
    /// the others together.
    /// </summary>
    private const double LongestTail = 4;

    public static string Draw(QuantizationReport report, int number)
    {
        ReportTrial[] trials = [.. report.Trials.Where(trial => trial.SameAs is null && double.IsFinite(trial.Score))];
        string[] rows = [.. trials.Select(trial => trial.ActivationCalibrator).Distinct()];
        bool isShare = report.Unit == MetricUnit.Share;
        double unit = isShare ? 100 : 1;
        double best = unit * (report.LargerIsBetter ? trials.Max(trial => trial.Score) : trials.Min(trial => trial.Score));
        double median = unit * trials.Select(trial => trial.Score).Order().ElementAt(trials.Length / 2);
        double reach = Math.Max(Math.Abs(best - median) * LongestTail, Math.Abs(best) * 0.01);
        bool hasFloat = report.Float.Score is { } floatScore && double.IsFinite(floatScore);
        double end = hasFloat && report.LargerIsBetter ? Math.Max(best, unit * report.Float.Score!.Value)
            : hasFloat ? Math.Min(best, unit * report.Float.Score!.Value)
            : best;
        (double low, double high) = report.LargerIsBetter ? (best - reach, end) : (end, best + reach);

        Plot plot = Picture.Create();
        if (hasFloat)
        {
            var line = plot.Add.VerticalLine(unit * report.Float.Score!.Value);
            line.Color = Palette.Ink;
            line.LineWidth = 1.5f;
        }

        foreach (ReportTrial trial in trials.OrderBy(trial => trial.IsBest))
        {
            double score = unit * trial.Score;
            double shown = Math.Clamp(score, low, high);
            double row = rows.Length - 1 - Array.IndexOf(rows, trial.ActivationCalibrator)
                + (trial.WeightGranularity == GranularityKind.PerChannel ? 0.15 : -0.15);
            MarkerShape shape = shown == score ? MarkerShape.FilledCircle
                : report.LargerIsBetter ? MarkerShape.OpenTriangleDown
                : MarkerShape.OpenTriangleUp;
            Color color = trial.IsBest ? Palette.Kept
                : trial.WeightGranularity == GranularityKind.PerChannel ? Palette.Main
                : Palette.Second;
            plot.Add.Marker(shown, row, shape, trial.IsBest ? 12 : 7, color);
        }

        plot.Axes.Left.SetTicks([.. Enumerable.Range(0, rows.Length).Select(i => (double)(rows.Length - 1 - i))], rows);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        double margin = (high - low) * 0.04;
        plot.Axes.SetLimits(low - margin, high + margin, -0.6, rows.Length - 0.4);
        plot.XLabel(report.Metric + (isShare ? ", %" : ""), 12);
        return Picture.ToSvg(plot, Width, 70 + 32 * rows.Length, $"{report.Metric} of every model that was tried, by calibrator", number);
    }
}
