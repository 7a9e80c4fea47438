using ScottPlot;

namespace Quantization.Reporting;

/// <summary>How sensitive each layer is, the most sensitive on top.</summary>
internal static class SensitivityPicture
{
    private const int Width = 560;

    /// <summary>So many bars can be read; the table has the others.</summary>
    public const int MostBars = 60;

    /// <param name="layers">The layers, the most sensitive first.</param>
    /// <param name="sensitivity">How sensitive each is.</param>
    /// <param name="unit">What the axis tells.</param>
    /// <param name="label">What the picture shows, for those who cannot see it.</param>
    /// <param name="number">The picture's number.</param>
    public static string Draw(
        IReadOnlyList<ReportPartialLayer> layers, Func<ReportPartialLayer, double> sensitivity, string unit, string label, int number)
    {
        ReportPartialLayer[] shown = [.. layers.Take(MostBars)];
        Plot plot = Picture.Create();
        double[] positions = [.. Enumerable.Range(0, shown.Length).Select(i => (double)(shown.Length - 1 - i))];
        Bar[] bars = [.. shown.Select((layer, i) => new Bar
        {
            Position = positions[i],
            Value = sensitivity(layer),
            FillColor = LayerColor.Of(layer.State),
            LineWidth = 0,
            Size = 0.7,
            Orientation = Orientation.Horizontal,
        })];
        plot.Add.Bars(bars).Horizontal = true;
        plot.Axes.Left.SetTicks(positions, [.. shown.Select(layer => Picture.Shorten(layer.Node))]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        double most = Math.Max(shown.Max(sensitivity), 0), least = Math.Min(shown.Min(sensitivity), 0);
        double margin = Math.Max((most - least) * 0.04, 1e-9);
        plot.Axes.SetLimits(least < 0 ? least - margin : 0, most + margin, -0.7, shown.Length - 0.3);
        plot.XLabel(unit, 12);
        plot.Grid.YAxisStyle.IsVisible = false;
        return Picture.ToSvg(plot, Width, 60 + 20 * shown.Length, label, number);
    }
}
