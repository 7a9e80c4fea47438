using ScottPlot;

namespace Quantization.Reporting;

/// <summary>Shares of layers as bars, one below the other; the longest loses most.</summary>
internal static class BarPicture
{
    private const int Width = 460;

    /// <summary>Draws the bars.</summary>
    /// <param name="bars">The layers and their shares, from top to bottom.</param>
    /// <param name="axis">What the bars show.</param>
    /// <param name="label">What the picture shows, for those who cannot see it.</param>
    /// <param name="number">A number that no other picture of the page has.</param>
    public static string Draw(IReadOnlyList<(string Layer, double Share)> bars, string axis, string label, int number)
    {
        double most = bars.Max(bar => bar.Share);
        Plot plot = Picture.Create();
        double[] positions = [.. Enumerable.Range(0, bars.Count).Select(i => (double)(bars.Count - 1 - i))];
        Bar[] drawn = [.. bars.Select((bar, i) => new Bar
        {
            Position = positions[i],
            Value = 100 * bar.Share,
            FillColor = bar.Share == most ? Palette.Harm : Palette.Main,
            LineWidth = 0,
            Size = 0.7,
            Orientation = Orientation.Horizontal,
        })];
        plot.Add.Bars(drawn).Horizontal = true;
        plot.Axes.Left.SetTicks(positions, [.. bars.Select(bar => Picture.Shorten(bar.Layer))]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.SetLimits(0, Math.Max(100 * most * 1.08, 1e-9), -0.7, bars.Count - 0.3);
        plot.XLabel(axis, 12);
        plot.Grid.YAxisStyle.IsVisible = false;
        return Picture.ToSvg(plot, Width, 60 + 20 * bars.Count, label, number);
    }
}
