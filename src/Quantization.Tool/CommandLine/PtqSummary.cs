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
            console.Screen.Write(CreateTable(result.Half is { } half ? HalfRange.NameOf(half) : "int8", scores));
        }

        if (scores?.UncountedLabels is { } uncounted)
        {
            console.WriteLine(CommandLineWords.Instance.Render(uncounted));
        }

        if (result.Half is null && scores?.Candidates[0].SignalToNoise < ClearNoise)
        {
            console.WriteLine(
                $"The outputs are clearly different from the float model's. 'quantize {SearchCommand.Name}' tries every calibrator and keeps the best; --report shows which layers hurt, and --float-node leaves them in float.");
        }

        foreach (string remark in ModelReport.Remarks(request.Options.ActivationCalibrator.Name, result))
        {
            console.WriteLine(remark);
        }

        foreach (string line in ModelReport.Nodes(result, request.Report.IsVerbose))
        {
            console.WriteLine(line);
        }

        console.WriteLine($"Wrote {request.OutputPath}: {Figures.Bytes(result.OutputBytes, result.ModelBytes)}");
    }

    /// <summary>The float model, and beside it the one that was written.</summary>
    /// <param name="name">What that one is called.</param>
    /// <param name="scores">The figures of both.</param>
    public static Table CreateTable(string name, EvaluationResult scores)
    {
        ModelScore reference = scores.Reference;
        ModelScore quantized = scores.Candidates[0];
        FigureColumns columns = new(reference.Figures);
        Table table = ModelReport.CreateTable("Model", [.. columns.Titles, "File size", "Median latency"]);
        table.AddRow(["FP32", .. columns.OfFloat, Figures.Bytes(reference.FileSize), Figures.Milliseconds(reference.MedianLatency)]);
        table.AddRow(
        [
            name,
            .. columns.Of(quantized.Figures),
            Figures.Bytes(quantized.FileSize, reference.FileSize),
            Figures.Milliseconds(quantized.MedianLatency, reference.MedianLatency),
        ]);
        return table;
    }
}
