using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Renders how much noise each layer makes, those that make most first.</summary>
internal static class LayerSection
{
    public static void Render(HtmlWriter html, QuantizationReport report, ref int pictures)
    {
        if (report.Layers.Count == 0)
        {
            return;
        }

        (ReportLayer Layer, int Number)[] sorted = [.. report.Layers.Select((layer, i) => (layer, i + 1))
            .OrderByDescending(each => each.layer.NoiseShare ?? -1).ThenBy(each => each.Item2)];
        ReportLayer? worst = sorted[0].Layer.NoiseShare is null ? null : sorted[0].Layer;
        html.Section("Layers")
            .Element("p", "Each layer with weights was quantized alone, to measure the noise that it adds to the model's outputs: the "
                + "first layer adds most. SQNR is the ratio of the signal to the quantization noise: 10 dB less is ten times the noise. "
                + "The second picture compares the whole quantized model with the float model after each layer: noise enters where the "
                + "line steps down.")
            .Raw("<div class=\"charts\">");
        if (worst is not null)
        {
            string rest = sorted.Count(each => each.Layer.NoiseShare is not null) > LayerPicture.MostBars
                ? $" These are the {LayerPicture.MostBars} layers that add most; the table has all."
                : "";
            html.Raw($"<figure>{LayerPicture.Draw([.. sorted.Select(each => each.Layer)], pictures++)}<figcaption>Share of the noise at "
                + $"the outputs that each layer adds, quantized alone.{rest} <span class=\"key harm\"></span> adds "
                + "most</figcaption></figure>");
        }

        html.Raw($"<figure>{NoisePicture.Draw(report.Layers, pictures++)}<figcaption>SQNR after each layer, with all layers quantized, in "
            + "execution order.</figcaption></figure></div>")
            .Table(
                ["#No.", "Layer", "Operator", "#Share of the noise", "#SQNR of the outputs, only this layer", "#SQNR here, all layers"],
                sorted.Select(each => (
                    each.Layer == worst ? RowMark.Harmful : RowMark.None,
                    (IReadOnlyList<string>)
                    [
                        each.Number.ToString(CultureInfo.InvariantCulture), each.Layer.Node, each.Layer.Operator,
                        Figure.Percent(each.Layer.NoiseShare), Figure.Decibels(each.Layer.OwnSignalToNoise),
                        Figure.Decibels(each.Layer.SignalToNoise),
                    ])));
    }
}
