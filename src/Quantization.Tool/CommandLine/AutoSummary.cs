using Quantization.Onnx;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Tells people which models were tried, and which was picked.</summary>
internal static class AutoSummary
{
    public static void Write(ToolConsole console, AutoRequest request, AutoResult result)
    {
        console.WriteLine(Describe(result));
        if (result.RestartReason is not null)
        {
            console.WriteLine(result.RestartReason);
        }

        console.Screen.Write(CreateTable(result));
        console.WriteLine(
            "A model is on the Pareto front if no other model, the float model included, is at least as good in metric, time and size.");
        if (result.Chosen is null)
        {
            WriteOthers(console, result);
            return; // the sentence goes to the error stream
        }

        console.WriteLine(CommandLineWords.Instance.Render(result.Summary));
        WriteOthers(console, result);
        PtqResult model = result.Chosen.Model!;
        foreach (string line in model.Warnings.Select(CommandLineWords.Instance.Render)
            .Concat(ModelReport.Improvements(model)).Concat(ModelReport.Nodes(model, request.Report.IsVerbose)))
        {
            console.WriteLine(line);
        }

        if (request.StatePath is not null)
        {
            console.WriteLine(
                $"Kept {request.State.CalibrationPath} and {request.State.TrialsPath}: they make a run with another budget short.");
        }

        console.WriteLine($"Wrote {request.OutputPath}: {Figures.Bytes(model.OutputBytes, model.ModelBytes)}");
    }

    /// <summary>
    /// The figures of the float model and of the one that was picked, as an evaluation has them; null where inputs were generated.
    /// </summary>
    public static EvaluationResult? ScoresOf(string modelPath, AutoResult result, AutoCandidate chosen) =>
        result.FloatScore is null ? null : new EvaluationResult(
            new ModelScore(modelPath, result.FloatBytes, result.FloatScore.Figures, [], [], result.FloatLatency, chosen.Latency!.TimedRuns),
            [new ModelScore(
                chosen.Model!.OutputPath, chosen.Bytes!.Value, chosen.Score!.Figures, [], [], chosen.Latency.Quantized,
                chosen.Latency.TimedRuns)],
            result.ScoringSamples,
            result.LabelledSamples);

    /// <summary>What a way is called.</summary>
    public static string NameOf(QuantizationWay way) => InspectSummary.Describe(way);

    private static void WriteOthers(ToolConsole console, AutoResult result)
    {
        foreach (AutoCandidate other
            in result.Candidates.Where(each => each.Verdict is not (AutoVerdict.Chosen or AutoVerdict.NothingToQuantize)))
        {
            console.WriteLine($"Not {NameOf(other.Way)}: {CommandLineWords.Instance.Render(other.Reason)}");
        }

        AutoCandidate[] idle = [.. result.Candidates.Where(each => each.Verdict == AutoVerdict.NothingToQuantize)];
        if (idle.Length > 0)
        {
            console.WriteLine($"Nothing to quantize for {string.Join("; ", idle.Select(each => NameOf(each.Way)))}.");
        }
    }

    private static string Describe(AutoResult result)
    {
        if (result.Metric is null)
        {
            return "Tried on generated inputs, which show speed and size but not accuracy; give --data DIR to decide by accuracy too.";
        }

        string resumed = result.ModelsResumed > 0 ? $", {Figures.Count(result.ModelsResumed)} of them known from an earlier run" : "";
        string calibrated = result.CalibrationSamples > 0
            ? $"Calibrated on {Figures.Count(result.CalibrationSamples, "sample")}, scored"
            : "Scored";
        return $"{calibrated} on the {Figures.Count(result.ScoringSamples, "other sample")} by {result.Metric.Name}; "
            + $"{Figures.Count(result.Candidates.Count(each => each.Score is not null), "model")} tried{resumed}.";
    }

    /// <summary>The float model and all others that were measured, those on the Pareto front marked.</summary>
    private static Table CreateTable(AutoResult result)
    {
        FigureColumns? columns = result.FloatScore is { } score
            ? new FigureColumns(score.Figures, result.Metric, SearchMetrics.Further(score))
            : null;
        Table table = ModelReport.CreateTable("Model", [.. columns?.Titles ?? [], "File size", "Median latency", "Pareto front"]);
        table.AddRow(["FP32", .. columns?.OfFloat ?? [], Figures.Bytes(result.FloatBytes), Figures.Milliseconds(result.FloatLatency), ""]);
        foreach (AutoCandidate each in result.Candidates.Where(each => each.Latency is not null))
        {
            table.AddRow(
            [
                $"{NameOf(each.Way)}{(each.Verdict == AutoVerdict.Chosen ? " (written)" : "")}",
                .. columns?.Of(each.Score!.Figures, SearchMetrics.Further(each.Score)) ?? [],
                Figures.Bytes(each.Bytes!.Value, result.FloatBytes),
                Figures.Milliseconds(each.Latency!.Quantized, each.Latency.Float),
                each.IsOnFront ? "yes" : "",
            ]);
        }

        return table;
    }
}
