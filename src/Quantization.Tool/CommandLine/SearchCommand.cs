using System.CommandLine;
using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary><c>quantize search</c>: tries calibrators, schemes and granularities, and keeps the best.</summary>
internal static class SearchCommand
{
    public const string Name = "search";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> output = CommonOptions.Output();
        Option<string> state = CommonOptions.RunState();
        Option<string> metric = SearchMetrics.CreateOption("What to rank by");
        Option<bool> noRefine = CommonOptions.NoRefine();
        Option<int> bits = CommonOptions.WeightBits();
        Option<string> runtime = RuntimeOption.Create();
        Option<int> batch = CommonOptions.Batch();
        Command command = new(Name, "Tries calibrators, schemes and granularities from one calibration, scores them on samples that did "
            + "not calibrate, and keeps the best int8 model.")
        {
            model,
        };
        DataOptions data = new(command, isRequired: true, isLabelled: true);
        foreach (Option option in (Option[])[output, state, metric, noRefine, bits, runtime, batch])
        {
            command.Options.Add(option);
        }

        CalibrationRunOptions run = new(command);
        Option<string> cluster = ClusterOption.Create();
        command.Options.Add(cluster);
        ReportOptions report = new(command);
        command.SetAction(parsed => Run(
            console,
            new SearchRequest
            {
                ModelPath = parsed.GetRequiredValue(model),
                Data = data.Read(parsed),
                OutputPath = parsed.GetRequiredValue(output),
                StatePath = parsed.GetValue(state),
                Metric = parsed.GetValue(metric)!,
                Refine = !parsed.GetValue(noRefine),
                WeightBits = parsed.GetValue(bits),
                Runtime = parsed.GetValue(runtime)!,
                BatchSize = parsed.GetValue(batch),
                Calibration = run.Read(parsed),
                Report = report.Read(parsed),
                ClusterFolder = parsed.GetValue(cluster),
            },
            cancellation));
        return command;
    }

    private static int Run(ToolConsole console, SearchRequest request, CancellationToken cancellation)
    {
        request.ThrowUnlessSensible();
        SampleData data = SampleData.Open(console, request.ModelPath, request.Data);
        (ISampleSource calibration, ISampleSource scoring) = data.Deal();
        ReportContext context = new() { Preprocessing = data.Preparation, Samples = SampleSets.Apart };
        using RunOutput output = RunOutput.Open(console, request.OutputPath, request.Report);
        using ClusterSession? cluster = ClusterSession.Open(console, request.ClusterFolder, cancellation);
        request = request with { Place = cluster?.Place };
        request.State.KeepWhenCancelled(() =>
        {
            (SearchResult result, QuantizationReport report) = ProgressView.Show(
                output.Progress, view => Work(view, request, calibration, scoring, output, context, cancellation));
            output.Finish(report, result.Model.Plan, shown => SearchSummary.Write(shown, request, result, report), cancellation);
        });
        request.State.DeleteUnlessNamed();
        return ExitCode.Success;
    }

    private static (SearchResult Search, QuantizationReport Report) Work(
        ProgressView view, SearchRequest request, ISampleSource calibration, ISampleSource scoring, RunOutput output, ReportContext context,
        CancellationToken cancellation)
    {
        SearchOptions options = new()
        {
            Metric = SearchMetrics.Find(request.Metric, request.ModelPath, request.Data),
            BatchSize = request.BatchSize,
            CalibrationPath = request.State.CalibrationPath,
            TrialsPath = request.State.TrialsPath,
            Baseline = new PtqOptions
            {
                Runtime = RuntimeOption.Find(request.Runtime),
                WeightFormat = CodeFormat.Signed(request.WeightBits),
                Calibration = request.Calibration,
                Refine = request.Refine,
                Place = request.Place,
            },
        };
        SearchResult search = output.Model.Write(path =>
            PtqSearch.Run(request.ModelPath, calibration, scoring, path, options, view.ForStages(), cancellation));
        view.Begin("Measuring the best");
        EvaluationResult measured = ModelEvaluator.Evaluate(
            request.ModelPath, [output.Model.TemporaryPath], scoring, new EvaluationOptions
            {
                BatchSize = request.BatchSize,
                Metrics = EmbeddingMetricsOf.Measure(request.ModelPath, request.Data, scoring.Count)
            }, view.ForSteps(), cancellation);
        IReadOnlyList<LayerNoise> layers = LayerComparison.Run(
            view, request.Report, request.ModelPath, search.Model.Plan, scoring, search.Best.Options, cancellation);
        return (search, QuantizationReport.Create(request.ModelPath, search, measured, layers, context));
    }
}
