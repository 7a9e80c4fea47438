using Quantization.Onnx;
using Quantization.Reporting;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Tells people what partial quantization reached.</summary>
internal static class PartialSummary
{
    private const int MaxLayers = 12;

    public static void Write(
        ToolConsole console, PartialRequest request, PartialResult result, EvaluationResult times, QuantizationReport report)
    {
        string resumed = result.ModelsResumed > 0 ? $", {Figures.Count(result.ModelsResumed, "other")} known from an earlier run" : "";
        console.WriteLine(
            $"Calibrated on {Figures.Count(result.Calibration.SampleCount, "sample")}, scored on the "
                + $"{Figures.Count(result.ScoringSamples, "other sample")} by {result.Metric.Name}, {Figures.Count(result.RankingSamples)} "
                + $"of them ranked the layers; {Figures.Count(result.ModelsRun, "model")} tried{resumed}.");
        ModelSummary.WritePreparation(console, report.Data.Preprocessing);
        if (result.RestartReason is not null)
        {
            console.WriteLine(result.RestartReason);
        }

        console.WriteLine(CommandLineWords.Instance.Render(result.Reason));
        if (result.LimitReason is not null)
        {
            console.WriteLine(result.LimitReason);
        }

        console.Screen.Write(CreateTable(result, times));
        foreach (Advice advice in report.Advice.Where(advice => !advice.Equals(result.Reason)).Concat(report.Warnings))
        {
            console.WriteLine(CommandLineWords.Instance.Render(advice));
        }

        foreach (string body in result.Written.FloatBodies)
        {
            console.WriteLine($"In float as a whole: {body}. The target needs it.");
        }

        foreach (string line in ModelReport.Padding(result.Calibration.Padding).Concat(Layers(report.Partial!, request.Report.IsVerbose))
            .Concat(ModelReport.Int8Nodes(result.Model, request.Report.IsVerbose)))
        {
            console.WriteLine(line);
        }

        if (request.Options.ComparedMeasures.Count > 0)
        {
            console.Screen.Write(CreateTable(report));
        }

        if (request.StatePath is not null)
        {
            console.WriteLine(
                $"Kept {request.State.CalibrationPath} and {request.State.TrialsPath}: they make a run with another target short.");
        }

        console.WriteLine($"Wrote {request.OutputPath}: {Figures.Bytes(result.Model.OutputBytes, result.Model.ModelBytes)}");
    }

    private static Table CreateTable(PartialResult result, EvaluationResult times)
    {
        FigureColumns columns = new(result.FloatScore.Figures, result.Metric, SearchMetrics.Further(result.FloatScore));
        Table table = ModelReport.CreateTable(
            "Model", [.. columns.Titles, "Layers in float", "Compute in int8", "File size", "Median latency"]);
        ModelScore reference = times.Reference;
        table.AddRow(
        [
            "FP32",
            .. columns.OfFloat,
            Figures.Count(result.Sensitivity.Layers.Count),
            Figures.None,
            Figures.Bytes(reference.FileSize),
            Figures.Milliseconds(reference.MedianLatency),
        ]);
        Add("int8, all layers", result.Quantized, times.Candidates[1]);
        Add("int8, partial (written)", result.Written, times.Candidates[0]);
        return table;

        void Add(string name, PartialPoint point, ModelScore measured) => table.AddRow(
        [
            name,
            .. columns.Of(point.Score.Figures, SearchMetrics.Further(point.Score)),
            point.FloatActivations.Count == 0
                ? Figures.Count(point.FloatLayers.Count)
                : $"{Figures.Count(point.FloatLayers.Count)} + {Figures.Count(point.FloatActivations.Count, "activation")}",
            Figures.Percent(point.Int8Share),
            Figures.Bytes(measured.FileSize, reference.FileSize),
            Figures.Milliseconds(measured.MedianLatency, reference.MedianLatency),
        ]);
    }

    /// <summary>What the measures of sensitivity cost, and how well they agree with the metric.</summary>
    private static Table CreateTable(QuantizationReport report)
    {
        Table table = new Table().Border(TableBorder.Square).AddColumns("Layers ranked by", "Most sensitive")
            .AddColumn(new TableColumn("Rank correlation").RightAligned())
            .AddColumn(new TableColumn("Models").RightAligned())
            .AddColumn(new TableColumn("Time").RightAligned());
        foreach (ReportRanking ranking in report.Partial!.Rankings)
        {
            table.AddRow(
                ToolConsole.Cell($"{ranking.Name}{(ranking.IsUsed ? " (used)" : "")}"),
                ToolConsole.Cell(ranking.MostSensitive),
                Figures.Correlation(ranking.CorrelationWithMetric),
                Figures.Count(ranking.Models + ranking.Resumed),
                Figures.Milliseconds(TimeSpan.FromMilliseconds(ranking.Milliseconds)));
        }

        return table;
    }

    /// <summary>What was done for which layer, and why.</summary>
    private static IEnumerable<string> Layers(ReportPartial partial, bool isVerbose)
    {
        ReportPartialLayer[] changed =
            [.. partial.Layers.Where(layer => layer.State != ReportLayerState.Int8).OrderByDescending(layer => layer.State)];
        foreach (ReportPartialLayer layer in isVerbose ? changed : changed.Take(MaxLayers))
        {
            string state = layer.State == ReportLayerState.Float ? "In float"
                : layer.Steps.Contains(LayerStep.WeightOnly.Name) ? "In float with int8 weights"
                : $"In int8 with {string.Join(", ", layer.Steps)}";
            yield return $"{state}: {layer.Node} ({layer.Operator}, {Figures.Percent(layer.ComputeShare)} of the compute). {layer.Reason}";
        }

        if (!isVerbose && changed.Length > MaxLayers)
        {
            yield return $"  and {Figures.Count(changed.Length - MaxLayers, "other layer")}; --verbose shows all.";
        }

        KeyValuePair<string, string>[] activations = [.. partial.FloatActivations];
        foreach ((string activation, string reason) in isVerbose ? activations : activations.Take(MaxLayers))
        {
            yield return $"Activation in float: {activation}. {reason}";
        }

        if (!isVerbose && activations.Length > MaxLayers)
        {
            yield return $"  and {Figures.Count(activations.Length - MaxLayers, "other activation")}; --verbose shows all.";
        }
    }
}
