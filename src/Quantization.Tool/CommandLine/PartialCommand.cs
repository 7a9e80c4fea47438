using System.CommandLine;
using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary><c>quantize partial</c>: mixed precision: keeps only the layers that lose most in float.</summary>
internal static class PartialCommand
{
    public const string Name = "partial";

    private const int DefaultRankingSamples = 16;

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> output = CommonOptions.Output();
        Command command = new(Name, "Mixed precision: finds the layers that lose most when quantized and leaves as few of them in float as "
            + "a target needs. Ways to make a layer more accurate in int8 are tried first.")
        {
            model,
        };
        DataOptions data = new(command, isRequired: true, isLabelled: true);
        command.Options.Add(output);
        TargetOptions target = new(command);
        Option<int?> mostFloat = new("--max-float-layers")
        {
            HelpName = "N",
            Description = "How many layers may stay in float at most. [default: as many as the target needs]",
            CustomParser = result => CommonOptions.ParseCount(result, "--max-float-layers", least: 0),
        };
        Option<int?> mostTrials = new("--max-trials")
        {
            HelpName = "N",
            Description = "How many models to try at most while layers are left in float and quantized again. The best one found is "
                + "written. [default: 12 per layer]",
            CustomParser = result => CommonOptions.ParseCount(result, "--max-trials", least: 0),
        };
        Option<bool> floatOnly =
            new("--float-only") { Description = "Do not try to make layers more accurate in int8 before they are left in float." };
        Option<string> metric = SearchMetrics.CreateOption("What the target is about");
        Option<string[]> measures = SensitivityMeasures.CreateOption();
        Option<int> ranking = CommonOptions.Count(
            "--ranking-samples", "How many of the scoring samples rank the layers; the target is judged on all.");
        ranking.DefaultValueFactory = _ => DefaultRankingSamples;
        Option<string> state = CommonOptions.RunState();
        foreach (Option option in (Option[])[mostFloat, mostTrials, floatOnly, metric, measures, ranking, state])
        {
            command.Options.Add(option);
        }

        CalibratorOptions calibrator = new(command);
        CalibrationRunOptions run = new(command);
        Option<string> cluster = ClusterOption.Create();
        command.Options.Add(cluster);
        Option<bool> noRefine = CommonOptions.NoRefine();
        Option<bool> perTensor = CommonOptions.PerTensor();
        Option<int> bits = CommonOptions.WeightBits();
        Option<string[]> floatNodes = CommonOptions.FloatNodes();
        Option<string> runtime = RuntimeOption.Create();
        Option<int> batch = CommonOptions.Batch();
        foreach (Option option in (Option[])[noRefine, perTensor, bits, floatNodes, runtime, batch])
        {
            command.Options.Add(option);
        }

        ReportOptions report = new(command);
        command.SetAction(parsed => Run(
            console,
            new PartialRequest
            {
                ModelPath = parsed.GetRequiredValue(model),
                Data = data.Read(parsed),
                OutputPath = parsed.GetRequiredValue(output),
                StatePath = parsed.GetValue(state),
                Metric = parsed.GetValue(metric)!,
                Options = new PartialOptions
                {
                    Target = target.Choose(parsed),
                    Limits = target.ReadLimits(parsed),
                    Baseline = new PtqOptions
                    {
                        Runtime = RuntimeOption.Find(parsed.GetValue(runtime)!),
                        Calibration = run.Read(parsed),
                        ActivationCalibrator = calibrator.Choose(parsed),
                        Refine = !parsed.GetValue(noRefine),
                        WeightGranularity = parsed.GetValue(perTensor) ? GranularityKind.PerTensor : GranularityKind.PerChannel,
                        WeightFormat = CodeFormat.Signed(parsed.GetValue(bits)),
                        FloatNodes = (parsed.GetValue(floatNodes) ?? []).ToHashSet(),
                        LatencyRuns = 0, // measured afterwards, on many samples
                    },
                    Measure = SensitivityMeasures.Find(parsed.GetValue(measures)![0]),
                    ComparedMeasures = [.. parsed.GetValue(measures)!.Skip(1).Select(SensitivityMeasures.Find)],
                    RankingSamples = parsed.GetValue(ranking),
                    MaxFloatLayers = parsed.GetValue(mostFloat),
                    MaxTrials = parsed.GetValue(mostTrials),
                    BatchSize = parsed.GetValue(batch),
                },
                IsFloatOnly = parsed.GetValue(floatOnly),
                Report = report.Read(parsed),
                ClusterFolder = parsed.GetValue(cluster),
            },
            cancellation));
        return command;
    }

    private static int Run(ToolConsole console, PartialRequest request, CancellationToken cancellation)
    {
        request.ThrowUnlessSensible();
        SampleData data = SampleData.Open(console, request.ModelPath, request.Data);
        (ISampleSource calibration, ISampleSource scoring) = data.Deal();
        ReportContext context = new() { Preprocessing = data.Preparation, Samples = SampleSets.Apart };
        using RunOutput output = RunOutput.Open(console, request.OutputPath, request.Report);
        PartialResult? reached = null;
        using ClusterSession? cluster = ClusterSession.Open(console, request.ClusterFolder, cancellation);
        request = request with { Options = request.Options with { Baseline = request.Options.Baseline with { Place = cluster?.Place } } };
        request.State.KeepWhenCancelled(() =>
        {
            (PartialResult result, EvaluationResult times, QuantizationReport report) = ProgressView.Show(
                output.Progress, view => Work(view, request, calibration, scoring, output, context, cancellation));
            output.Finish(report, result.Model.Plan, shown => PartialSummary.Write(shown, request, result, times, report), cancellation);
            reached = result;
        });
        request.State.DeleteUnlessNamed();
        if (reached!.IsTargetMet)
        {
            return ExitCode.Success;
        }

        console.WriteError(reached.LimitReason ?? CommandLineWords.Instance.Render(reached.Reason));
        return ExitCode.TargetNotMet;
    }

    private static (PartialResult Result, EvaluationResult Times, QuantizationReport Report) Work(
        ProgressView view, PartialRequest request, ISampleSource calibration, ISampleSource scoring, RunOutput output,
        ReportContext context, CancellationToken cancellation)
    {
        PartialOptions options = request.Complete();
        PartialResult result = output.Model.Write(path =>
            PartialQuantizer.Run(request.ModelPath, calibration, scoring, path, options, view.ForStages(), cancellation));
        view.Begin("Measuring what was written");
        using OwnedFolder work = OwnedFolder.CreateTemporary();
        string allInt8 = work["int8.onnx"];
        PostTrainingQuantizer.Quantize(
            request.ModelPath, result.Quantized.Plan, allInt8, options: request.Options.Baseline, cancellationToken: cancellation);
        EvaluationResult times = ModelEvaluator.Evaluate(
            request.ModelPath,
            [output.Model.TemporaryPath, allInt8],
            scoring,
            new EvaluationOptions { BatchSize = request.Options.BatchSize },
            view.ForSteps(),
            cancellation);
        return (result, times, QuantizationReport.Create(request.ModelPath, result, options, times, context));
    }
}
