using System.CommandLine;
using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary><c>quantize half</c>: conversion to half precision.</summary>
internal static class HalfCommand
{
    public const string Name = "half";
    public const string HalfInterface = "--half-io";
    public const string BFloat16 = "--bfloat16";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> output = CommonOptions.Output(
            "model.half.onnx", "The model to write. It appears whole or not at all; an existing file is replaced.");
        Option<bool> halfInterface =
            new(HalfInterface) { Description = "Give the model's float inputs and outputs 16 bits too. By default they keep their types." };
        Option<bool> bfloat16 = new(BFloat16) { Description = "Store only the weights, as bfloat16, and compute in 32 bits: half the size, "
            + "the range of 32 bits, but 8 significant bits instead of 11." };
        Option<string[]> floatNodes = new(
            "--float-node") { HelpName = "NAME", Description = "A node to leave in 32 bits, by its name; give the option once per node." };
        Option<int> batch = CommonOptions.Batch();
        Option<int> threads = CommonOptions.Count("--threads", "The threads that ONNX Runtime measures with.");
        Command command = new(Name, "Converts a model to 16-bit floats, with 32 bits where values would leave their range, and measures "
            + "accuracy, file size and latency beside the float model. Samples (--data) show which values do; without them, "
            + "only weights are checked.")
        {
            model,
        };
        DataOptions data = new(command, isRequired: false, isLabelled: true);
        command.Options.Add(output);
        command.Options.Add(halfInterface);
        command.Options.Add(bfloat16);
        command.Options.Add(floatNodes);
        command.Options.Add(batch);
        command.Options.Add(threads);
        ReportOptions report = new(command);
        command.SetAction(parsed => Run(
            console,
            new HalfRequest
            {
                ModelPath = parsed.GetRequiredValue(model),
                Data = data.Read(parsed),
                OutputPath = parsed.GetRequiredValue(output),
                Options = new HalfPrecisionOptions
                {
                    Format = parsed.GetValue(bfloat16) ? HalfFormat.BFloat16 : HalfFormat.Float16,
                    HasHalfInterface = parsed.GetValue(halfInterface),
                    FloatNodes = (parsed.GetValue(floatNodes) ?? []).ToHashSet(),
                    LatencyRuns = 0, // measured below, on many samples
                },
                BatchSize = parsed.GetValue(batch),
                Threads = parsed.GetValue(threads),
                Report = report.Read(parsed),
            },
            cancellation));
        return command;
    }

    private static int Run(ToolConsole console, HalfRequest request, CancellationToken cancellation)
    {
        request.ThrowUnlessSensible();
        SampleData? data = request.Data.FolderPath is null ? null : SampleData.Open(console, request.ModelPath, request.Data);
        using RunOutput output = RunOutput.Open(console, request.OutputPath, request.Report);
        (PtqResult result, EvaluationResult? scores) = ProgressView.Show(
            output.Progress, view => Work(view, request, data, output.Model, cancellation));
        QuantizationReport report = QuantizationReport.Create(
            request.ModelPath, result, new PtqOptions(), result.Calibration, scores, [], new ReportContext
            {
                Preprocessing = data?.Preparation,
                Samples = data?.IsLabelled == true ? SampleSets.Apart : SampleSets.Shared,
            });
        output.Finish(report, result.Plan, shown => HalfSummary.Write(shown, request, data, result, scores, report), cancellation);
        return ExitCode.Success;
    }

    private static (PtqResult Result, EvaluationResult? Scores) Work(
        ProgressView view, HalfRequest request, SampleData? data, OutputFile output, CancellationToken cancellation)
    {
        // The samples fit the float model's inputs, so what is measured has the same.
        HalfPrecisionOptions measured = request.Options with { HasHalfInterface = false };
        IProgress<QuantizationProgress> progress = view.ForStages(request.FormatName);
        (ISampleSource observed, ISampleSource scoring)? samples = data is null ? null
            : data.IsLabelled ? data.Split()
            : (data.All, data.All);
        PtqResult result = output.Write(path => samples is { } given
            ? HalfPrecisionConverter.Convert(request.ModelPath, given.observed, path, measured, progress, cancellation)
            : HalfPrecisionConverter.Convert(request.ModelPath, path, measured, progress, cancellation));
        EvaluationResult? scores = samples is null || result.QuantizedNodes.Count == 0 ? null : Measuring.Run(
            view, request.ModelPath, output.TemporaryPath, samples.Value.scoring, request.Data, request.BatchSize, request.Threads,
            cancellation);
        if (request.Options.HasHalfInterface && result.QuantizedNodes.Count > 0)
        {
            QuantizationPlan plan = result.Plan with { HasHalfInterface = true };
            result = output.Write(path =>
                PostTrainingQuantizer.Quantize(request.ModelPath, plan, path, result.Calibration, cancellationToken: cancellation));
        }

        return (scores is null ? result : result.WithLatency(ModelReport.LatencyOf(scores, 0)), scores);
    }
}
