using Quantization.Onnx;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Tells people what became of a model.</summary>
internal static class PtqSummary
{
    /// <summary>Noise of a hundredth of the signal's power: outputs beyond it are clearly different.</summary>
    private const double ClearNoise = 20;

    public static void Write(ToolConsole console, PtqRequest request, PtqSamples samples, PtqResult result, EvaluationResult? scores)
    {
        console.WriteLine(samples.Describe(request, result));
        if (scores is not null)
        {
            console.Screen.Write(CreateTable(scores));
        }

        if (scores?.UncountedLabels is { } uncounted)
        {
            console.WriteLine(CommandLineWords.Instance.Render(uncounted));
        }

        if (scores?.Candidates[0].SignalToNoise < ClearNoise)
        {
            console.WriteLine(
                $"The outputs are clearly different from the float model's. 'quantize {SearchCommand.Name}' tries every calibrator and keeps the best; --report shows which layers hurt, and --float-node leaves them in float.");
        }

        foreach (string remark in ModelReport.Remarks(request.Options.ActivationCalibrator.Name, result))
        {
            console.WriteLine(remark);
        }

        IEnumerable<string> int8Nodes = result.QuantizedNodes.Count > 0 ? ModelReport.Int8Nodes(result, request.Report.IsVerbose) : [];
        foreach (string line in int8Nodes.Concat(ModelReport.FloatNodes(result, request.Report.IsVerbose)))
        {
            console.WriteLine(line);
        }

        console.WriteLine($"Wrote {request.OutputPath}: {Figures.Bytes(result.OutputBytes, result.ModelBytes)}");
    }

    private static Table CreateTable(EvaluationResult scores)
    {
        ModelScore reference = scores.Reference;
        ModelScore quantized = scores.Candidates[0];
        FigureColumns columns = new(reference.Figures);
        Table table = ModelReport.CreateTable("Model", [.. columns.Titles, "File size", "Median latency"]);
        table.AddRow(["FP32", .. columns.OfFloat, Figures.Bytes(reference.FileSize), Figures.Milliseconds(reference.MedianLatency)]);
        table.AddRow(
        [
            "int8",
            .. columns.Of(quantized.Figures),
            Figures.Bytes(quantized.FileSize, reference.FileSize),
            Figures.Milliseconds(quantized.MedianLatency, reference.MedianLatency),
        ]);
        return table;
    }
}
