using Quantization.Onnx;
using Quantization.Reporting;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Tells people what a search found.</summary>
internal static class SearchSummary
{
    private const int MaxRows = 8;

    public static void Write(ToolConsole console, SearchRequest request, SearchResult result, QuantizationReport report)
    {
        string resumed = result.ResumedSamples > 0 ? $", {Figures.Count(result.ResumedSamples, "sample")} of them by an earlier run" : "";
        console.WriteLine(
            $"Calibrated on {Figures.Count(result.Calibration.SampleCount, "sample")}{resumed}, scored on the "
                + $"{Figures.Count(result.ScoringSamples, "other sample")} by {result.Metric.Name}; "
                + $"{Figures.Count(result.Trials.Count, "model")} tried.");
        if (result.CalibratedScoringSamples > 0)
        {
            console.WriteLine(
                "The best plan was then refined on all samples, including "
                    + $"{Figures.Count(result.CalibratedScoringSamples, "scoring sample")}, so figures on other "
                    + "samples may be a little worse.");
        }

        ModelSummary.WritePreparation(console, report.Data.Preprocessing);
        if (result.RestartReason is not null)
        {
            console.WriteLine(result.RestartReason);
        }

        console.Screen.Write(CreateTable(result));
        foreach (Advice advice in report.Advice)
        {
            console.WriteLine(CommandLineWords.Instance.Render(advice));
        }

        IEnumerable<string> nodes = ModelReport.Int8Nodes(result.Model, request.Report.IsVerbose)
            .Concat(ModelReport.FloatNodes(result.Model, request.Report.IsVerbose));
        foreach (string line in ModelReport.Padding(result.Calibration.Padding)
            .Concat(report.Warnings.Select(CommandLineWords.Instance.Render)).Concat(nodes))
        {
            console.WriteLine(line);
        }

        console.WriteLine($"Wrote {request.OutputPath}: {Figures.Bytes(result.Model.OutputBytes, result.Model.ModelBytes)}");
    }

    /// <summary>The float model, the best trials and plain quantization.</summary>
    private static Table CreateTable(SearchResult result)
    {
        FigureColumns columns = new(result.FloatScore.Figures, result.Metric, SearchMetrics.Further(result.FloatScore));
        Table table = ModelReport.CreateTable("Model", [.. columns.Titles]);
        table.AddRow(["FP32", .. columns.OfFloat]);
        IEnumerable<SearchTrial> shown = result.Trials.Where(trial => trial.SameAs is null && trial != result.Best)
            .OrderByDescending(trial => result.Metric.LargerIsBetter ? trial.Score.Score : -trial.Score.Score)
            .Take(MaxRows)
            .Prepend(result.Best)
            .Append(result.Baseline)
            .Distinct();
        foreach (SearchTrial trial in shown)
        {
            string kept = trial == result.Best ? " (kept)" : trial == result.Baseline ? " (plain)" : "";
            table.AddRow([ToolConsole.Cell($"{trial.Name}{kept}"), .. columns.Of(trial.Score.Figures, SearchMetrics.Further(trial.Score))]);
        }

        return table;
    }
}
