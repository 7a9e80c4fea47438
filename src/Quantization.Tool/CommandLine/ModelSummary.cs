using Quantization.Onnx;
using Quantization.Reporting;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Tells people what became of a model.</summary>
/// <param name="Samples">A sentence on what was done with which samples.</param>
/// <param name="Calibrator">What chose the ranges.</param>
/// <param name="Report">How much to tell.</param>
/// <param name="OutputPath">The file that was written.</param>
internal sealed record ModelSummary(string Samples, string Calibrator, ReportRequest Report, string OutputPath)
{
    /// <summary>How samples were prepared, in words; null where there are none.</summary>
    public string? Preparation { get; init; }

    /// <summary>How many tokens a second both models read and write; null where that was not measured.</summary>
    public TokenSpeedComparison? TokenSpeed { get; init; }

    public void Write(ToolConsole console, PtqResult result, EvaluationResult? scores, QuantizationReport report)
    {
        console.WriteLine(Samples);
        WritePreparation(console, Preparation);
        if (scores is not null)
        {
            console.Screen.Write(CreateTable(NameOf(result), scores));
        }

        foreach (string statement in ModelReport.Statements(report, Calibrator, result))
        {
            console.WriteLine(statement);
        }

        if (TokenSpeed is { } speed)
        {
            console.WriteLine(
                $"Tokens a second: {Figures.Rate(speed.Quantized.TokensPerSecond)} written, float "
                    + $"{Figures.Rate(speed.Float.TokensPerSecond)} "
                + $"({Figures.Mean(speed.Ratio)}x); {Figures.Rate(speed.Quantized.PromptTokensPerSecond)} read, float "
                + $"{Figures.Rate(speed.Float.PromptTokensPerSecond)}.");
        }

        if (result.ResumedLayers > 0)
        {
            console.WriteLine($"{Figures.Count(result.ResumedLayers, "layer")} known from an earlier run.");
        }

        if (ModelReport.MixedBits(result) is { } mixed)
        {
            console.WriteLine(mixed);
        }

        foreach (string line in ModelReport.Improvements(result))
        {
            console.WriteLine(line);
        }

        foreach (string line in ModelReport.Padding(result.Calibration.Padding))
        {
            console.WriteLine(line);
        }

        foreach (string line in ModelReport.Nodes(result, Report.IsVerbose))
        {
            console.WriteLine(line);
        }

        console.WriteLine($"Wrote {OutputPath}: {Figures.Bytes(result.OutputBytes, result.ModelBytes)}");
    }

    /// <summary>Tells in a line how samples were prepared, since that decides whether figures mean anything.</summary>
    public static void WritePreparation(ToolConsole console, string? preparation)
    {
        if (preparation is not null)
        {
            console.WriteLine($"Samples: {preparation}.");
        }
    }

    private static string NameOf(PtqResult result) => result.Half is { } half ? HalfRange.NameOf(half)
        : ModelReport.BitsOf(result) is { Length: > 0 } bits ? bits
        : "int8";

    /// <summary>The float model, and beside it the one that was written.</summary>
    /// <param name="name">What that one is called.</param>
    /// <param name="scores">The figures of both.</param>
    public static Table CreateTable(string name, EvaluationResult scores)
    {
        ModelScore reference = scores.Reference;
        ModelScore quantized = scores.Candidates[0];
        FigureColumns columns = new(reference.Figures, further: reference.Metrics);
        Table table = ModelReport.CreateTable("Model", [.. columns.Titles, "File size", "Median latency"]);
        table.AddRow(["FP32", .. columns.OfFloat, Figures.Bytes(reference.FileSize), Figures.Milliseconds(reference.MedianLatency)]);
        table.AddRow(
        [
            name,
            .. columns.Of(quantized.Figures, quantized.Metrics),
            Figures.Bytes(quantized.FileSize, reference.FileSize),
            Figures.Milliseconds(quantized.MedianLatency, reference.MedianLatency),
        ]);
        return table;
    }
}
