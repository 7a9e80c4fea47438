using System.CommandLine;
using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary><c>quantize search</c>: tries calibrators, schemes and granularities, and keeps the best.</summary>
internal static class SearchCommand
{
    public const string Name = "search";

    private const int LayerSamples = 32;
    private const int LeastBits = 2;
    private const int MostBits = 8;

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> data = CommonOptions.Data();
        data.Required = true;
        Option<string> labels = new("--labels")
        {
            HelpName = "labels.csv",
            Description = "The classes of samples, lines 'file name,class index', to rank by top-1 accuracy. Of the labelled samples every fourth (1st, 5th, ...) calibrates and the others score; without labels every fourth sample calibrates.",
        };
        Option<string> output = new("--output", "-o") { Required = true, HelpName = "model.int8.onnx", Description = "The int8 model to write. It appears whole or not at all; an existing file is replaced." };
        Option<string> report = new("--report") { HelpName = "report.html", Description = "The page to write about what was tried, which layer hurts most and what to try next; it needs nothing else to be looked at." };
        Option<string> state = new("--state")
        {
            HelpName = "file.qcal",
            Description = "Where the calibration is kept, for an interrupted search to go on from. [default: beside the output, until the search is done]",
        };
        Option<string> metric = new("--metric")
        {
            HelpName = string.Join('|', SearchMetrics.Names),
            Description = "What to rank by: accuracy, the same class as the float model, or how near the outputs are to its. auto is top1 with labels, else sqnr.",
            DefaultValueFactory = _ => SearchMetrics.Default,
        };
        metric.AcceptOnlyFromAmong(SearchMetrics.Names);
        Option<int> bits = CommonOptions.Count("--weight-bits", "The bits of weights, 2 to 8; they are stored as int8.");
        bits.DefaultValueFactory = _ => MostBits;
        bits.Validators.Add(result =>
        {
            if (result.GetValue(bits) is < LeastBits or > MostBits)
            {
                result.AddError($"--weight-bits '{result.Tokens[0].Value}' is not 2 to 8.");
            }
        });
        Option<int> batch = CommonOptions.Count("--batch", "How many samples to join in a run when scoring, where the model's batch axis is free.");
        Option<bool> quiet = new("--quiet", "-q") { Description = "Show no progress." };
        Option<bool> json = new("--json") { Description = "Write the facts of the report to the output as JSON, instead of text for people." };
        Command command = new(Name, "Tries calibrators, schemes and granularities from one calibration, scores them on samples that did not calibrate, and keeps the best int8 model.")
        {
            model, data, labels, output, report, state, metric, bits, batch, quiet, json,
        };
        command.SetAction(parsed => Run(
            console,
            new SearchRequest
            {
                ModelPath = parsed.GetRequiredValue(model),
                DataPath = parsed.GetRequiredValue(data),
                LabelsPath = parsed.GetValue(labels),
                OutputPath = parsed.GetRequiredValue(output),
                ReportPath = parsed.GetValue(report),
                StatePath = parsed.GetValue(state),
                Metric = parsed.GetValue(metric)!,
                WeightBits = parsed.GetValue(bits),
                BatchSize = parsed.GetValue(batch),
                IsQuiet = parsed.GetValue(quiet),
                IsJson = parsed.GetValue(json),
            },
            cancellation));
        return command;
    }

    private static int Run(ToolConsole console, SearchRequest request, CancellationToken cancellation)
    {
        request.ThrowUnlessSensible();
        (ISampleSource calibration, ISampleSource scoring) = Deal(request);
        using OutputFile output = OutputFile.Open(request.OutputPath);
        using OutputFile? page = request.ReportPath is null ? null : OutputFile.Open(request.ReportPath);
        ToolConsole shown = request.IsQuiet ? new ToolConsole(console.Output, TextWriter.Null) : console;
        (SearchResult result, QuantizationReport report) = ProgressView.Show(shown, view => Work(view, shown, request, calibration, scoring, output, cancellation));
        page?.Write(path =>
        {
            report.SaveHtml(path);
            return path;
        });
        cancellation.ThrowIfCancellationRequested();
        output.Commit();
        page?.Commit();
        if (request.StatePath is null)
        {
            File.Delete(request.CalibrationPath);
        }

        if (request.IsJson)
        {
            console.Output.WriteLine(report.ToJson());
        }
        else
        {
            SearchSummary.Write(console, request, result, report);
        }

        return ExitCode.Success;
    }

    private static (ISampleSource Calibration, ISampleSource Scoring) Deal(SearchRequest request)
    {
        if (request.LabelsPath is null)
        {
            return SampleSplit.Deal(new SampleFolder(request.DataPath));
        }

        (SampleFolder calibration, SampleFolder scoring) = new SampleFolder(request.DataPath, LabelFile.Read(request.LabelsPath)).Split();
        return (calibration, scoring);
    }

    private static (SearchResult Search, QuantizationReport Report) Work(
        ProgressView view, ToolConsole console, SearchRequest request, ISampleSource calibration, ISampleSource scoring, OutputFile output, CancellationToken cancellation)
    {
        SearchOptions options = new()
        {
            Metric = SearchMetrics.Find(request.Metric),
            BatchSize = request.BatchSize,
            CalibrationPath = request.CalibrationPath,
            Baseline = new PtqOptions { WeightFormat = CodeFormat.Signed(request.WeightBits) },
        };
        SearchResult search = output.Write(path =>
            PtqSearch.Run(request.ModelPath, calibration, scoring, path, options, new SearchProgressLines(view, console), cancellation));
        view.Begin("Measuring the best");
        EvaluationResult measured = ModelEvaluator.Evaluate(
            request.ModelPath, [output.TemporaryPath], scoring, new EvaluationOptions { BatchSize = request.BatchSize }, view.ForEvaluation(), cancellation);
        view.Begin("Comparing layers");
        IReadOnlyList<LayerNoise> layers = request is { ReportPath: null, IsJson: false }
            ? []
            : LayerComparer.Compare(request.ModelPath, search.Calibration, new FirstSamples(scoring, LayerSamples), search.Best.Options, view.ForLayers(), cancellation);
        return (search, QuantizationReport.Create(request.ModelPath, search, measured, layers));
    }
}
