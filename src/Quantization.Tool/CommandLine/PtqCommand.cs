using System.CommandLine;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary><c>quantize ptq</c>: post-training quantization of the user's own model.</summary>
internal static class PtqCommand
{
    public const string Name = "ptq";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> data = CommonOptions.Data();
        Option<string> state = new("--state") { HelpName = "file.qcal", Description = "A calibration from 'quantize calibrate' to quantize from; --data then only serves to measure." };
        Option<string> output = new("--output", "-o") { Required = true, HelpName = "model.int8.onnx", Description = "The int8 model to write. It appears whole or not at all; an existing file is replaced." };
        Option<string> labels = new("--labels")
        {
            HelpName = "labels.csv",
            Description =
                "The classes of samples, lines 'file name,class index', to measure top-1 accuracy with. Of the labelled samples every fourth (1st, 5th, ...) calibrates and the others score; samples without a label calibrate.",
        };
        Option<bool> perTensor = new("--per-tensor") { Description = "Give weights one scale a tensor instead of one an output channel: smaller, usually less accurate." };
        Option<int> batch = CommonOptions.Count("--batch", "How many samples to join in a run when measuring, where the model's batch axis is free.");
        Option<int> threads = CommonOptions.Count("--threads", "The threads that ONNX Runtime measures with.");
        Command command = new(Name, "Quantizes a model to int8 without training, and measures accuracy, file size and latency beside the float model.")
        {
            model,
            data,
            state,
            output,
            labels,
        };
        CalibratorOptions calibrator = new(command);
        command.Options.Add(perTensor);
        command.Options.Add(batch);
        command.Options.Add(threads);
        command.SetAction(parsed => Run(
            console,
            new PtqRequest
            {
                ModelPath = parsed.GetRequiredValue(model),
                DataPath = parsed.GetValue(data),
                StatePath = parsed.GetValue(state),
                OutputPath = parsed.GetRequiredValue(output),
                LabelsPath = parsed.GetValue(labels),
                Options = new PtqOptions
                {
                    ActivationCalibrator = calibrator.Choose(parsed),
                    WeightGranularity = parsed.GetValue(perTensor) ? GranularityKind.PerTensor : GranularityKind.PerChannel,
                },
                BatchSize = parsed.GetValue(batch),
                Threads = parsed.GetValue(threads),
            },
            cancellation));
        return command;
    }

    private static int Run(ToolConsole console, PtqRequest request, CancellationToken cancellation)
    {
        request.ThrowUnlessSensible();
        PtqSamples samples = PtqSamples.Open(request);
        using OutputFile output = OutputFile.Open(request.OutputPath);
        (PtqResult result, EvaluationResult? scores) = ProgressView.Show(console, view =>
        {
            ModelCalibration calibration = Calibrate(view, request, samples, cancellation);
            view.Begin($"Quantizing with {request.Options.ActivationCalibrator.Name}");
            PtqResult quantized = output.Write(path => PostTrainingQuantizer.Quantize(request.ModelPath, calibration, path, request.Options, cancellationToken: cancellation));
            return (quantized, Measure(view, request, samples, output.TemporaryPath, cancellation));
        });
        cancellation.ThrowIfCancellationRequested();
        output.Commit();

        console.Output.WriteLine(samples.Describe(request));
        if (scores is not null)
        {
            console.Screen.Write(CreateTable(scores));
        }

        foreach (string remark in ModelReport.Remarks(request.Options.ActivationCalibrator.Name, result))
        {
            console.Output.WriteLine(remark);
        }

        console.Output.WriteLine(ModelReport.Int8Nodes(result));
        foreach ((string node, string reason) in result.FloatNodes)
        {
            console.Output.WriteLine($"Stays in float: {node} ({reason})");
        }

        console.Output.WriteLine($"Wrote {request.OutputPath}: {Figures.Bytes(result.OutputBytes, result.ModelBytes)}");
        return ExitCode.Success;
    }

    private static ModelCalibration Calibrate(ProgressView view, PtqRequest request, PtqSamples samples, CancellationToken cancellation)
    {
        if (samples.Calibration is null)
        {
            return ModelCalibration.Load(request.StatePath!);
        }

        view.Begin($"Calibrating on {Figures.Count(samples.Calibration.Count, "sample")}");
        return ModelCalibrator.Calibrate(request.ModelPath, samples.Calibration, progress: view.ForCalibration(), cancellationToken: cancellation);
    }

    private static EvaluationResult? Measure(ProgressView view, PtqRequest request, PtqSamples samples, string quantizedPath, CancellationToken cancellation)
    {
        if (samples.Scoring is null)
        {
            return null;
        }

        view.Begin($"Measuring on {Figures.Count(samples.Scoring.Count, "sample")}");
        EvaluationOptions options = new()
        {
            BatchSize = request.BatchSize,
            SessionOptionsFactory = () => new SessionOptions
            {
                IntraOpNumThreads = request.Threads,
                InterOpNumThreads = 1,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // errors come as exceptions
            },
        };
        return ModelEvaluator.Evaluate(request.ModelPath, [quantizedPath], samples.Scoring, options, view.ForEvaluation(), cancellation);
    }

    private static Table CreateTable(EvaluationResult scores)
    {
        ModelScore reference = scores.Reference;
        ModelScore quantized = scores.Candidates[0];
        bool isLabelled = reference.Top1 is not null;
        Table table = ModelReport.CreateTable("Model", isLabelled ? "Top-1" : "Agreement", "Output SQNR", "File size", "Median latency");
        table.AddRow("FP32", Figures.Percent(reference.Top1), "-", Figures.Bytes(reference.FileSize), Figures.Milliseconds(reference.MedianLatency));
        table.AddRow(
            "int8",
            Figures.Percent(isLabelled ? quantized.Top1 : quantized.Agreement),
            Figures.Decibels(quantized.WorstSignalToNoise),
            Figures.Bytes(quantized.FileSize, reference.FileSize),
            Figures.Milliseconds(quantized.MedianLatency, reference.MedianLatency));
        return table;
    }
}
