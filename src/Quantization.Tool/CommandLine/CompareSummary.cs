using Quantization.Onnx;
using Quantization.Reporting;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Tells people how two models differ.</summary>
internal static class CompareSummary
{
    private const int MaxLayers = 12;

    /// <param name="console">Where to.</param>
    /// <param name="comparison">What was measured.</param>
    /// <param name="preparation">How samples were prepared, in words.</param>
    /// <param name="isVerbose">Whether all layers are told.</param>
    public static void Write(ToolConsole console, ModelComparison comparison, string preparation, bool isVerbose)
    {
        WriteFigures(console, comparison, preparation);
        WriteLayers(console, comparison, isVerbose);
        Advice[] doubts = [.. DataDoubts.Of(comparison.Scores.Classes, comparison.First.Top1, preparation)];
        foreach (Advice doubt in doubts)
        {
            console.WriteLine(CommandLineWords.Instance.Render(doubt));
        }

        JudgedFigures figures = new(
            comparison.First.Top1,
            comparison.Second.Top1,
            comparison.Second.Agreement,
            comparison.Second.SignalToNoise,
            comparison.Scores.Samples,
            comparison.Scores.LabelledSamples);
        console.WriteLine($"Verdict: {VerdictWords.Of(figures, doubts.Length > 0)}");
    }

    private static void WriteFigures(ToolConsole console, ModelComparison comparison, string preparation)
    {
        console.WriteLine($"Compared on {Figures.Count(comparison.Scores.Samples, "sample")}; agreement, SQNR and cosine are relative to "
            + "the first model.");
        ModelSummary.WritePreparation(console, preparation);
        console.Screen.Write(CreateTable(comparison));
        if (comparison.Scores.UncountedLabels is { } uncounted)
        {
            console.WriteLine(CommandLineWords.Instance.Render(uncounted));
        }
    }

    private static void WriteLayers(ToolConsole console, ModelComparison comparison, bool isVerbose)
    {
        if (comparison.Layers.Count == 0)
        {
            console.WriteLine(comparison.LayerSamples == 0
                ? "No layer was compared: the models have no computed values of the same names, or --layer-samples is 0."
                : "No layer was compared: values of the same names differ in type or length.");
            return;
        }

        ComparedLayer[] noisiest = [.. comparison.Layers.OrderBy(layer => layer.SignalToNoise)];
        console.WriteLine(
            $"{Figures.Count(comparison.Layers.Count, "layer")} found in both models and compared on "
                + $"{Figures.Count(comparison.LayerSamples, "sample")}, the noisiest first. The noise of a layer includes that of all "
                + "layers before it.");
        console.Screen.Write(CreateTable(isVerbose ? noisiest : noisiest.Take(MaxLayers)));
        if (!isVerbose && noisiest.Length > MaxLayers)
        {
            console.WriteLine($"  and {Figures.Count(noisiest.Length - MaxLayers, "other layer")}; --verbose shows all.");
        }
    }

    private static Table CreateTable(ModelComparison comparison)
    {
        (ModelScore first, ModelScore second) = (comparison.First, comparison.Second);
        FigureColumns columns = new(first.Figures, ModelMetric.Cosine, first.Metrics);
        Table table = ModelReport.CreateTable("Model", [.. columns.Titles, "File size", "Median latency", "Memory, about"]);
        table.AddRow(
        [
            ToolConsole.Cell(first.ModelPath),
            .. columns.OfFloat,
            Figures.Bytes(first.FileSize),
            Figures.Milliseconds(first.MedianLatency),
            Figures.Bytes(comparison.FirstMemory),
        ]);
        table.AddRow(
        [
            ToolConsole.Cell(second.ModelPath),
            .. columns.Of(second.Figures, second.Metrics),
            Figures.Bytes(second.FileSize, first.FileSize),
            Figures.Milliseconds(second.MedianLatency, first.MedianLatency),
            Figures.Bytes(comparison.SecondMemory),
        ]);
        return table;
    }

    private static Table CreateTable(IEnumerable<ComparedLayer> layers)
    {
        Table table = ModelReport.CreateTable("Layer", "Operator", "SQNR", "Cosine");
        foreach (ComparedLayer layer in layers)
        {
            table.AddRow(
                ToolConsole.Cell(layer.Node),
                ToolConsole.Cell(layer.Operator),
                Figures.Decibels(layer.SignalToNoise),
                layer.Cosine.ToString("F6", System.Globalization.CultureInfo.InvariantCulture));
        }

        return table;
    }
}
