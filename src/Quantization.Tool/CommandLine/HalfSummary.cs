using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary>Tells people what became of a model in half precision.</summary>
internal static class HalfSummary
{
    public static void Write(
        ToolConsole console, HalfRequest request, SampleData? data, PtqResult result, EvaluationResult? scores, QuantizationReport report)
    {
        console.WriteLine(Describe(data, result, scores));
        ModelSummary.WritePreparation(console, data?.Preparation);
        if (scores is not null)
        {
            console.Screen.Write(ModelSummary.CreateTable(request.FormatName, scores));
        }

        IEnumerable<string> statements = report.Advice.Concat(report.Warnings).Select(CommandLineWords.Instance.Render);
        foreach (string line in statements.Concat(ModelReport.Nodes(result, request.Report.IsVerbose)))
        {
            console.WriteLine(line);
        }

        console.WriteLine($"Wrote {request.OutputPath}: {Figures.Bytes(result.OutputBytes, result.ModelBytes)}");
    }

    private static string Describe(SampleData? data, PtqResult result, EvaluationResult? scores)
    {
        string observed = result.Calibration.SampleCount > 0
            ? $"Ranges observed on {Figures.Count(result.Calibration.SampleCount, "sample")} of {data!.FolderPath}"
            : "No range was observed";
        return scores is null
            ? $"{observed}; nothing was measured."
            : $"{observed}; measured on {(data!.IsLabelled ? Figures.Count(scores.Samples, "other sample") : "the same")}.";
    }
}
