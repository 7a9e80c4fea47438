using Quantization.Onnx;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Quantization.Reporting;

/// <summary>
/// The layers in the order in which they run: a ribbon that shows which are in float, and above it the share of the compute that each
/// takes.
/// </summary>
internal static class IslandPicture
{
    private const int Width = 1000;
    private const int Height = 210;

    public static string Draw(IReadOnlyList<ReportPartialLayer> layers, int number)
    {
        Plot plot = Picture.Create();
        double most = Math.Max(100 * layers.Max(layer => layer.ComputeShare), 1e-9);
        double ribbon = most * 0.2;
        Bar[] bars =
        [
            .. layers.Select((layer, i) => Column(layer, i, 0, 100 * layer.ComputeShare, 0.8)),
            .. layers.Select((layer, i) => Column(layer, i, -ribbon * 1.4, -ribbon * 0.4, 1)),
        ];
        plot.Add.Bars(bars);
        plot.Axes.SetLimits(0.3, layers.Count + 0.7, -ribbon * 1.8, most * 1.05);
        plot.Axes.Left.TickGenerator = new NumericAutomatic { LabelFormatter = share => share < 0 ? "" : Figure.Value(share) };
        plot.XLabel("layer, in execution order", 12);
        plot.YLabel("share of the compute, %", 12);
        plot.Grid.XAxisStyle.IsVisible = false;
        int inFloat = layers.Count(layer => layer.State == ReportLayerState.Float);
        int relieved = layers.Count(layer => layer.State == ReportLayerState.Relieved);
        return Picture.ToSvg(
            plot, Width, Height, $"The {layers.Count} layers in execution order: {inFloat} in float, {relieved} in int8 made more "
                + $"accurate, {layers.Count - inFloat - relieved} in int8, and the share of the compute of each", number);
    }

    private static Bar Column(ReportPartialLayer layer, int index, double from, double to, double width) => new()
    {
        Position = index + 1,
        ValueBase = from,
        Value = to,
        FillColor = LayerColor.Of(layer.State),
        LineWidth = 0,
        Size = width,
    };
}
