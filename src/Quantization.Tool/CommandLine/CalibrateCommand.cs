using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>quantize calibrate</c>: observes a model's activations and keeps what it saw.</summary>
internal static class CalibrateCommand
{
    public const string Name = "calibrate";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> state = new("--state") { Required = true, HelpName = "file.qcal", Description = "The calibration file to write." };
        Option<string> runtime = RuntimeOption.Create();
        Command command = new(
            Name, "Runs samples through a model and saves statistics of its activations, to merge with others or to quantize from.")
        {
            model,
        };
        DataOptions data = new(command, isRequired: true, isLabelled: false);
        command.Options.Add(state);
        command.Options.Add(runtime);
        Option<string> cluster = ClusterOption.Create();
        command.Options.Add(cluster);
        CalibrationRunOptions run = new(command);
        command.SetAction(parsed =>
        {
            CalibrationOptions options = run.Read(parsed) with { Runtime = RuntimeOption.Find(parsed.GetValue(runtime)!) };
            return Run(
                console,
                parsed.GetRequiredValue(model),
                data.Read(parsed),
                parsed.GetRequiredValue(state),
                options,
                parsed.GetValue(cluster),
                cancellation);
        });
        return command;
    }

    private static int Run(
        ToolConsole console, string modelPath, DataRequest data, string statePath, CalibrationOptions options, string? clusterFolder,
        CancellationToken cancellation)
    {
        OutputRules.ThrowUnlessCalibration(statePath);
        OutputRules.ThrowIfInput("--state", statePath, modelPath, data);
        ISampleSource samples = SampleData.Open(console, modelPath, data).All;
        using OutputFile output = OutputFile.Open(statePath);
        using ClusterSession? cluster = ClusterSession.Open(console, clusterFolder, cancellation);
        ModelCalibration calibration = ProgressView.Show(console, view =>
        {
            view.Begin($"Calibrating on {Figures.Count(Math.Min(samples.Count!.Value, options.MaxSamples ?? int.MaxValue), "sample")}");
            return ModelCalibrator.Calibrate(
                modelPath, samples, options with { Place = cluster?.Place }, progress: view.ForSteps(), cancellationToken: cancellation);
        });
        StateFile.Save(calibration, output);
        foreach (string line in ModelReport.Padding(calibration.Padding))
        {
            console.WriteLine(line);
        }

        console.WriteLine(
            $"Wrote {statePath}: {Figures.Count(calibration.SampleCount, "sample")}, "
                + $"{Figures.Count(calibration.Activations.Count, "activation")} of {modelPath}.");
        return ExitCode.Success;
    }
}
