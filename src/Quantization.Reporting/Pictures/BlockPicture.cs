using Quantization.Onnx;
using ScottPlot;

namespace Quantization.Reporting;

/// <summary>The error that rounding weights in blocks adds to each layer: the longest bar loses most.</summary>
internal static class BlockPicture
{
    /// <summary>More bars than these cannot be told apart.</summary>
    public const int MostBars = 60;

    private const int Width = 460;

    public static string Draw(IReadOnlyList<RoundedLayer> layers, int number)
    {
        double least = layers.Count <= MostBars ? 0 : layers.OrderByDescending(layer => layer.Error).ElementAt(MostBars - 1).Error;
        RoundedLayer[] shown = [.. layers.Where(layer => layer.Error >= least).Take(MostBars)];
        double most = shown.Max(layer => layer.Error);
        Plot plot = Picture.Create();
        double[] positions = [.. Enumerable.Range(0, shown.Length).Select(i => (double)(shown.Length - 1 - i))];
        Bar[] bars = [.. shown.Select((layer, i) => new Bar
        {
            Position = positions[i],
            Value = 100 * layer.Error,
            FillColor = layer.Error == most ? Palette.Harm : Palette.Main,
            LineWidth = 0,
            Size = 0.7,
            Orientation = Orientation.Horizontal,
        })];
        plot.Add.Bars(bars).Horizontal = true;
        plot.Axes.Left.SetTicks(positions, [.. shown.Select(layer => Picture.Shorten(layer.Node))]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.SetLimits(0, Math.Max(100 * most * 1.08, 1e-9), -0.7, shown.Length - 0.3);
        plot.XLabel("energy of the error, % of the signal", 12);
        plot.Grid.YAxisStyle.IsVisible = false;
        return Picture.ToSvg(plot, Width, 60 + 20 * shown.Length, "Error that rounding adds to each layer", number);
    }
}
