using Quantization.Onnx;
using ScottPlot;

namespace Quantization.Reporting;

/// <summary>A tensor's histogram, counts on a logarithmic axis, with the chosen range shaded.</summary>
internal static class HistogramPicture
{
    private const int Width = 340;
    private const int Height = 150;

    public static string Draw(ReportTensor tensor, int number)
    {
        Plot plot = Picture.Create();
        double width = ((double)tensor.ObservedMax - tensor.ObservedMin) / tensor.Histogram.Count;
        double top = Math.Log10(Math.Max(tensor.Histogram.Max(), 1)) + 0.3;
        double low = Math.Min(tensor.ObservedMin, tensor.RangeMin);
        double high = Math.Max(tensor.ObservedMax, tensor.RangeMax);
        double margin = high > low ? (high - low) * 0.03 : 1;

        var range = plot.Add.HorizontalSpan(tensor.RangeMin, tensor.RangeMax);
        range.FillColor = Palette.Range;
        range.LineColor = Palette.Main;
        range.LineWidth = 1.5f;
        range.LineStyle.Pattern = LinePattern.Solid; // the SVG drawing has no dashes

        List<Coordinates> outline = [new(tensor.ObservedMin, 0)];
        for (int i = 0; i < tensor.Histogram.Count; i++)
        {
            // A step up of 0.3 lets a count of one be seen on the logarithmic axis.
            double height = tensor.Histogram[i] == 0 ? 0 : Math.Log10(tensor.Histogram[i]) + 0.3;
            outline.Add(new(tensor.ObservedMin + i * width, height));
            outline.Add(new(tensor.ObservedMin + (i + 1) * width, height));
        }

        outline.Add(new(tensor.ObservedMax, 0));
        var bars = plot.Add.Polygon(outline.ToArray());
        bars.FillColor = Palette.Second;
        bars.LineWidth = 0;
        plot.Axes.SetLimits(low - margin, high + margin, 0, top);
        plot.Axes.Left.IsVisible = false;
        plot.HideGrid();
        return Picture.ToSvg(
            plot, Width, Height, $"Histogram of {tensor.Name} from {Figure.Value(tensor.ObservedMin)} to "
                + $"{Figure.Value(tensor.ObservedMax)}, range from {Figure.Value(tensor.RangeMin)} to "
                + $"{Figure.Value(tensor.RangeMax)}", number);
    }
}
