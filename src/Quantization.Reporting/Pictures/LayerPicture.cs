using ScottPlot;

namespace Quantization.Reporting;

/// <summary>How much of the outputs' noise each layer makes: the longest bar hurts most.</summary>
internal static class LayerPicture
{
    /// <summary>More bars cannot be read; the table has all layers.</summary>
    public const int MostBars = 40;

    private const int Width = 460;

    public static string Draw(IReadOnlyList<ReportLayer> layers, int number)
    {
        ReportLayer[] weighted = [.. layers.Where(layer => layer.NoiseShare is not null).OrderByDescending(layer => layer.NoiseShare).Take(MostBars)];
        double most = weighted.Max(layer => layer.NoiseShare!.Value);
        Plot plot = Picture.Create();
        double[] positions = [.. Enumerable.Range(0, weighted.Length).Select(i => (double)(weighted.Length - 1 - i))];
        Bar[] bars = [.. weighted.Select((layer, i) => new Bar
        {
            Position = positions[i],
            Value = 100 * layer.NoiseShare!.Value,
            FillColor = layer.NoiseShare == most ? Palette.Harm : Palette.Main,
            LineWidth = 0,
            Size = 0.7,
            Orientation = Orientation.Horizontal,
        })];
        plot.Add.Bars(bars).Horizontal = true;
        plot.Axes.Left.SetTicks(positions, [.. weighted.Select(layer => Picture.Shorten(layer.Node))]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.SetLimits(0, Math.Max(100 * most * 1.08, 1e-9), -0.7, weighted.Length - 0.3);
        plot.XLabel("share of the noise at the outputs, %", 12);
        plot.Grid.YAxisStyle.IsVisible = false;
        return Picture.ToSvg(plot, Width, 60 + 20 * weighted.Length, "Share of the noise at the model's outputs that each layer makes", number);
    }
}
