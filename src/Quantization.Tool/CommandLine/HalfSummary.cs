using Quantization.Onnx;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Tells people what became of a model in half precision.</summary>
internal static class HalfSummary
{
    public static void Write(ToolConsole console, HalfRequest request, SampleData? data, PtqResult result, EvaluationResult? scores)
    {
        console.WriteLine(Describe(data, result, scores));
        if (scores is not null)
        {
            console.Screen.Write(CreateTable(request, scores));
        }

        foreach (string warning in result.Warnings)
        {
            console.WriteLine(ToolWords.Translate(warning));
        }

        if (result.QuantizedNodes.Count > 0)
        {
            console.WriteLine($"{Figures.Count(result.QuantizedNodes.Count, "node")} with 16-bit floats.");
        }

        foreach (string line in ModelReport.FloatNodes(result, request.Report.IsVerbose))
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

    private static Table CreateTable(HalfRequest request, EvaluationResult scores)
    {
        (ModelScore reference, ModelScore half) = (scores.Reference, scores.Candidates[0]);
        bool isLabelled = reference.Top1 is not null;
        Table table = ModelReport.CreateTable("Model", isLabelled ? "Top-1" : "Agreement", "Output SQNR", "File size", "Median latency");
        table.AddRow("FP32", Figures.Percent(reference.Top1), "-", Figures.Bytes(reference.FileSize), Figures.Milliseconds(reference.MedianLatency));
        table.AddRow(
            request.FormatName,
            Figures.Percent(isLabelled ? half.Top1 : half.Agreement),
            Figures.Decibels(half.WorstSignalToNoise),
            Figures.Bytes(half.FileSize, reference.FileSize),
            Figures.Milliseconds(half.MedianLatency, reference.MedianLatency));
        return table;
    }
}
