using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Renders how much noise each layer makes, those that hurt most first.</summary>
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
            .Element("p", "Each layer with weights was quantized alone, and the noise that it then puts on the model's outputs was measured: the first hurts most. SQNR is the ratio of the signal to the quantization noise: 10 dB less is ten times the noise. The whole quantized model beside the float model, layer by layer, shows where noise comes in: a step down.")
            .Raw("<div class=\"charts\">");
        if (worst is not null)
        {
            string rest = sorted.Count(each => each.Layer.NoiseShare is not null) > LayerPicture.MostBars
                ? $" The {LayerPicture.MostBars} layers that hurt most; the table has all."
                : "";
            html.Raw($"<figure>{LayerPicture.Draw([.. sorted.Select(each => each.Layer)], pictures++)}<figcaption>Share of the noise at the outputs that each layer makes, quantized alone.{rest} <span class=\"key harm\"></span> hurts most</figcaption></figure>");
        }

        html.Raw($"<figure>{NoisePicture.Draw(report.Layers, pictures++)}<figcaption>SQNR after each layer, all quantized, in the order of running.</figcaption></figure></div>")
            .Table(
                ["#No.", "Layer", "Operator", "#Share of the noise", "#SQNR of the outputs, it alone", "#SQNR here, all"],
                sorted.Select(each => (
                    each.Layer == worst ? RowMark.Harmful : RowMark.None,
                    (IReadOnlyList<string>)
                    [
                        each.Number.ToString(CultureInfo.InvariantCulture), each.Layer.Node, each.Layer.Operator, Figure.Percent(each.Layer.NoiseShare),
                        Figure.Decibels(each.Layer.OwnSignalToNoise), Figure.Decibels(each.Layer.SignalToNoise),
                    ])));
    }
}
