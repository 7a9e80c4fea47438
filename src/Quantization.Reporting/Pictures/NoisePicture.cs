using ScottPlot;

namespace Quantization.Reporting;

/// <summary>How the signal-to-noise ratio falls on the way through the model.</summary>
internal static class NoisePicture
{
    private const int Width = 460;
    private const int Height = 240;

    public static string Draw(IReadOnlyList<ReportLayer> layers, int number)
    {
        Plot plot = Picture.Create();
        (double Position, double Ratio)[] points =
            [.. layers.Select((layer, i) => (i + 1.0, layer.SignalToNoise)).Where(point => double.IsFinite(point.SignalToNoise))];
        var line = plot.Add.Scatter(points.Select(point => point.Position).ToArray(), points.Select(point => point.Ratio).ToArray());
        line.Color = Palette.Main;
        line.LineWidth = 2;
        line.MarkerSize = 6;
        plot.XLabel("layer, in execution order", 12);
        plot.YLabel("SQNR, dB", 12);
        return Picture.ToSvg(plot, Width, Height, "Signal-to-quantization-noise ratio after each layer of the int8 model", number);
    }
}
