using System.CommandLine;
using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary><c>quantize auto</c>: tries all ways that fit, and picks one.</summary>
internal static class AutoCommand
{
    public const string Name = "auto";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> output = CommonOptions.Output();
        Command command = new(
            Name,
            "Chooses how to quantize a model. Tries int8 with fixed ranges, int8 with ranges found at run time, "
                + "weights alone in 8 and in 4 "
                + "bits, and float16. Scores each on the same samples, measures latency and size on this machine, and writes the best "
                + "model within the budget. Without a budget it writes the model that loses the least among those that are faster and "
                + "smaller than the float model. Says why it did not choose each of the others.")
        {
            model,
        };
        DataOptions data = new(command, isRequired: false, isLabelled: true);
        command.Options.Add(output);
        BudgetOptions budget = new(command);
        Option<string> metric = SearchMetrics.CreateOption("What is to be preserved");
        Option<string> state = CommonOptions.RunState();
        Option<int> batch = CommonOptions.Batch();
        command.Options.Add(metric);
        command.Options.Add(state);
        CalibratorOptions calibrator = new(command);
        CalibrationRunOptions run = new(command);
        Option<string> cluster = ClusterOption.Create();
        command.Options.Add(cluster);
        Option<bool> noRefine = CommonOptions.NoRefine();
        command.Options.Add(noRefine);
        command.Options.Add(batch);
        ReportOptions report = new(command);
        command.SetAction(parsed => Run(
            console,
            new AutoRequest
            {
                ModelPath = parsed.GetRequiredValue(model),
                Data = data.Read(parsed),
                OutputPath = parsed.GetRequiredValue(output),
                StatePath = parsed.GetValue(state),
                Metric = parsed.GetValue(metric)!,
                Options = new AutoOptions
                {
                    Budget = budget.Read(parsed),
                    BatchSize = parsed.GetValue(batch),
                    Static = new PtqOptions
                    {
                        Calibration = run.Read(parsed),
                        ActivationCalibrator = calibrator.Choose(parsed),
                        Refine = !parsed.GetValue(noRefine),
                    },
                },
                Report = report.Read(parsed),
                ClusterFolder = parsed.GetValue(cluster),
            },
            cancellation));
        return command;
    }

    private static int Run(ToolConsole console, AutoRequest request, CancellationToken cancellation)
    {
        request.ThrowUnlessSensible();
        (ISampleSource Calibration, ISampleSource Scoring)? samples = request.HasSamples
            ? SampleData.Open(console, request.ModelPath, request.Data).Deal()
            : null;
        if (request.HasSamples)
        {
            request.ThrowUnlessLossIsKnown();
        }

        using RunOutput output = RunOutput.Open(console, request.OutputPath, request.Report);
        AutoResult? decided = null;
        using ClusterSession? cluster = ClusterSession.Open(console, request.ClusterFolder, cancellation);
        request = request with { Options = request.Options with { Static = request.Options.Static with { Place = cluster?.Place } } };
        request.State.KeepWhenCancelled(() =>
        {
            AutoResult result = ProgressView.Show(output.Progress, view => output.Model.Write(path => samples is { } given
                ? AutoQuantizer.Run(
                    request.ModelPath, given.Calibration, given.Scoring, path, request.Complete(), view.ForStages(), cancellation)
                : AutoQuantizer.Run(request.ModelPath, path, request.Complete(), view.ForStages(), cancellation)));
            Tell(console, request, output, result, cancellation);
            decided = result;
        });
        if (request.HasSamples)
        {
            request.State.DeleteUnlessNamed();
        }

        if (decided!.Chosen is not null)
        {
            return ExitCode.Success;
        }

        console.WriteError(CommandLineWords.Instance.Render(decided.Summary));
        if (!request.Report.IsJson && request.NextAfter(decided) is { } next)
        {
            console.WriteLine($"Next: {next}");
        }

        return ExitCode.TargetNotMet;
    }

    private static void Tell(ToolConsole console, AutoRequest request, RunOutput output, AutoResult result, CancellationToken cancellation)
    {
        if (result.Chosen is { Model: { } model } chosen)
        {
            QuantizationReport report = QuantizationReport.Create(
                request.ModelPath, model, new PtqOptions(), model.Calibration, AutoSummary.ScoresOf(request.ModelPath, result, chosen), []);
            output.Finish(report, model.Plan, shown => AutoSummary.Write(shown, request, result), cancellation, result.ToJson(
                CommandLineWords.Instance.Render));
        }
        else if (request.Report.IsJson)
        {
            console.Output.WriteLine(result.ToJson(CommandLineWords.Instance.Render));
        }
        else
        {
            AutoSummary.Write(console, request, result);
        }
    }
}
