using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Renders what rounding did to each matrix whose weights are codes in blocks.</summary>
internal static class BlockSection
{
    public static void Render(HtmlWriter html, QuantizationReport report, ref int pictures)
    {
        if (report.RoundedLayers.Count == 0)
        {
            return;
        }

        IReadOnlyList<RoundedLayer> layers = report.RoundedLayers;
        RoundedLayer worst = layers.MaxBy(layer => layer.Error)!;
        double bits = layers.Sum(layer => (double)layer.Weights * layer.Bits) / layers.Sum(layer => layer.Weights);
        html.Section("Weights in blocks")
            .Element("p", $"{Figure.Count(layers.Count)} matrices and tables, {Figure.Value(bits)} bits per weight on average, "
                + $"{Figure.Bytes(layers.Sum(layer => layer.Bytes))} with scales and zero points. The error is the energy of the noise "
                + "that rounding adds, as a share of the signal: at the layer's outputs if samples were given, otherwise in the weights. "
                + "The layer with the longest bar loses most.")
            .Raw(
                $"<figure>{BlockPicture.Draw(layers, pictures++)}<figcaption>Error that rounding adds to each layer.</figcaption></figure>")
            .Table(
                ["#No.", "Layer", "Operator", "#Bits", "#Block", "Method", "#Bytes", "#Error", "#SQNR", "Error of"],
                layers.Select((layer, i) => (Layer: layer, Number: i + 1)).OrderByDescending(each => each.Layer.Error).Select(each => (
                    each.Layer == worst ? RowMark.Harmful : RowMark.None,
                    (IReadOnlyList<string>)
                    [
                        each.Number.ToString(CultureInfo.InvariantCulture), each.Layer.Node, each.Layer.Operator,
                        each.Layer.Bits.ToString(CultureInfo.InvariantCulture), each.Layer.BlockSize.ToString(CultureInfo.InvariantCulture),
                        each.Layer.Method.ToString(), Figure.Bytes(each.Layer.Bytes), Figure.Percent(each.Layer.Error),
                        Figure.Decibels(each.Layer.SignalToNoise), each.Layer.IsOfOutputs ? "outputs" : "weights",
                    ])));
    }
}
