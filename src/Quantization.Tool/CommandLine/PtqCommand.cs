using System.CommandLine;
using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary><c>quantize ptq</c>: post-training quantization of the user's own model.</summary>
internal static class PtqCommand
{
    public const string Name = "ptq";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> state = new("--state")
        {
            HelpName = "file.qcal",
            Description = "A calibration from 'quantize calibrate' to quantize from; --data is then used only to measure."
        };
        Option<string> plan = new("--plan")
        {
            HelpName = "plan.json",
            Description = "A plan from --save-plan, changed or not, to carry out. --data is then used only to measure, unless the plan "
                + "leaves ranges to calibrators or rounds weights on samples.",
        };
        Option<string> output = CommonOptions.Output();
        Option<bool> noRefine = CommonOptions.NoRefine();
        Option<bool> perTensor = CommonOptions.PerTensor();
        Option<int> bits = CommonOptions.WeightBits();
        Option<string[]> floatNodes = CommonOptions.FloatNodes();
        Option<string> runtime = RuntimeOption.Create();
        Option<int> batch = CommonOptions.Batch();
        Option<int> threads = CommonOptions.Count("--threads", "The threads that ONNX Runtime measures with.");
        Command command = new(
            Name, "Quantizes a model to int8 without training, and measures accuracy, file size and latency beside the float model.")
        {
            model,
        };
        DataOptions data = new(command, isRequired: false, isLabelled: true);
        command.Options.Add(state);
        command.Options.Add(plan);
        command.Options.Add(output);
        CalibratorOptions calibrator = new(command);
        CalibrationRunOptions run = new(command);
        command.Options.Add(noRefine);
        command.Options.Add(perTensor);
        command.Options.Add(bits);
        command.Options.Add(floatNodes);
        command.Options.Add(runtime);
        command.Options.Add(batch);
        command.Options.Add(threads);
        Option<string> cluster = ClusterOption.Create();
        command.Options.Add(cluster);
        ReportOptions report = new(command);
        command.SetAction(parsed => Run(
            console,
            new PtqRequest
            {
                ModelPath = parsed.GetRequiredValue(model),
                Data = data.Read(parsed),
                StatePath = parsed.GetValue(state),
                PlanPath = parsed.GetValue(plan),
                OwnSetting = ((Option[])[.. calibrator.All, noRefine, perTensor, bits, floatNodes, runtime])
                    .FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false })?.Name,
                OutputPath = parsed.GetRequiredValue(output),
                Options = new PtqOptions
                {
                    Runtime = RuntimeOption.Find(parsed.GetValue(runtime)!),
                    Calibration = run.Read(parsed),
                    ActivationCalibrator = calibrator.Choose(parsed),
                    Refine = !parsed.GetValue(noRefine),
                    WeightGranularity = parsed.GetValue(perTensor) ? GranularityKind.PerTensor : GranularityKind.PerChannel,
                    WeightFormat = CodeFormat.Signed(parsed.GetValue(bits)),
                    FloatNodes = (parsed.GetValue(floatNodes) ?? []).ToHashSet(),
                },
                BatchSize = parsed.GetValue(batch),
                Threads = parsed.GetValue(threads),
                ClusterFolder = parsed.GetValue(cluster),
                Report = report.Read(parsed),
            },
            cancellation));
        return command;
    }

    private static int Run(ToolConsole console, PtqRequest request, CancellationToken cancellation)
    {
        request.ThrowUnlessSensible();
        PtqSamples samples = PtqSamples.Open(console, request);
        using RunOutput output = RunOutput.Open(console, request.OutputPath, request.Report);
        using ClusterSession? cluster = ClusterSession.Open(console, request.ClusterFolder, cancellation);
        request = request with { Options = request.Options with { Place = cluster?.Place } };
        (PtqResult result, EvaluationResult? scores, QuantizationReport report) = ProgressView.Show(
            output.Progress, view => Work(view, request, samples, output.Model, cancellation));
        ModelSummary summary = new(
            samples.Describe(request, result), request.Options.ActivationCalibrator.Name, request.Report, request.OutputPath)
        {
            Preparation = samples.Preparation,
        };
        output.Finish(report, result.Plan, shown => summary.Write(shown, result, scores, report), cancellation);
        return ExitCode.Success;
    }

    private static (PtqResult Result, EvaluationResult? Scores, QuantizationReport Report) Work(
        ProgressView view, PtqRequest request, PtqSamples samples, OutputFile output, CancellationToken cancellation)
    {
        IProgress<QuantizationProgress> progress = view.ForStages(request.Options.ActivationCalibrator.Name);
        PtqOptions options = request.Options with { LatencyRuns = 0 }; // measured below, on many samples
        PtqResult result = output.Write(path =>
            request.PlanPath is not null ? CarryOut(request, samples, options, path, progress, cancellation)
            : samples.Calibration is null ? PostTrainingQuantizer.Quantize(
                request.ModelPath, ModelCalibration.Load(request.StatePath!), path, options, progress, cancellation)
            : PostTrainingQuantizer.Quantize(request.ModelPath, samples.Calibration, path, options, progress, cancellation));
        bool isMeasured = result.QuantizedNodes.Count > 0 && !result.Plan.HasHalfInterface; // samples fit the float model's inputs
        ISampleSource? scoring = isMeasured ? samples.Scoring : null;
        EvaluationResult? scores = scoring is null ? null : Measuring.Run(
            view, request.ModelPath, output.TemporaryPath, scoring, request.Data, request.BatchSize, request.Threads, cancellation);
        result = scores is null ? result : result.WithLatency(ModelReport.LatencyOf(scores, 0));
        IReadOnlyList<LayerNoise> layers = LayerComparison.Run(
            view, request.Report, request.ModelPath, result.Plan, scoring, request.Options, cancellation);
        return (result, scores, QuantizationReport.Create(
            request.ModelPath, result, request.Options, result.Calibration, scores, layers, samples.ContextOf(
                hasCalibrated: result.Calibration.SampleCount > 0)));
    }

    /// <summary>Carries out a plan. Samples calibrate only where it leaves ranges to calibrators and no calibration was given.</summary>
    private static PtqResult CarryOut(
        PtqRequest request, PtqSamples samples, PtqOptions options, string outputPath, IProgress<QuantizationProgress> progress,
        CancellationToken cancellation)
    {
        QuantizationPlan plan = QuantizationPlan.Load(request.PlanPath!);
        ModelCalibration? calibration = request.StatePath is not null ? ModelCalibration.Load(request.StatePath)
            : plan.NeedsCalibration && samples.Calibration is not null ? ModelCalibrator.Calibrate(
                request.ModelPath,
                samples.Calibration,
                options.Calibration with { Runtime = plan.Runtime, Place = options.Place },
                progress,
                cancellation)
            : null;
        if (samples.Calibration is not null && plan.Nodes.Any(node => node.Weights is { Method: not WeightMethod.Nearest }))
        {
            WeightOnlyOptions weights = new() { LatencyRuns = 0, Probe = options.Probe };
            return WeightQuantizer.Quantize(request.ModelPath, plan, samples.Calibration, outputPath, weights, progress, cancellation);
        }

        return PostTrainingQuantizer.Quantize(request.ModelPath, plan, outputPath, calibration, options, progress, cancellation);
    }
}
