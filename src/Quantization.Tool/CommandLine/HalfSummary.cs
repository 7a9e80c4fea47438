using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Tells people what became of a model in half precision.</summary>
internal static class HalfSummary
{
    public static void Write(ToolConsole console, HalfRequest request, SampleData? data, PtqResult result, EvaluationResult? scores)
    {
        console.WriteLine(Describe(data, result, scores));
        if (scores is not null)
        {
            console.Screen.Write(ModelSummary.CreateTable(request.FormatName, scores));
        }

        if (scores?.UncountedLabels is { } uncounted)
        {
            console.WriteLine(CommandLineWords.Instance.Render(uncounted));
        }

        IEnumerable<string> warnings = result.Warnings.Select(CommandLineWords.Instance.Render);
        foreach (string line in warnings.Concat(ModelReport.Nodes(result, request.Report.IsVerbose)))
        {
            console.WriteLine(line);
        }

        console.WriteLine($"Wrote {request.OutputPath}: {Figures.Bytes(result.OutputBytes, result.ModelBytes)}");
    }

    private static string Describe(SampleData? data, PtqResult result, EvaluationResult? scores)
    {
        string observed = result.Calibration.SampleCount > 0 ? $"Ranges observed on {Figures.Count(result.Calibration.SampleCount, "sample")} of {data!.FolderPath}" : "No range was observed";
        return scores is null ? $"{observed}; nothing was measured." : $"{observed}; measured on {Figures.Count(scores.Samples, "sample")}.";
    }
}
