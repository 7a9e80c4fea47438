using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>quantize merge</c>: joins calibrations of one model.</summary>
internal static class MergeCommand
{
    public const string Name = "merge";

    public static Command Create(ToolConsole console)
    {
        Argument<string[]> states = new(
            "states") { Arity = ArgumentArity.OneOrMore, HelpName = "a.qcal b.qcal ...", Description = "The calibration files to join." };
        Option<string> state = new("--state")
        {
            Required = true,
            HelpName = "file.qcal",
            Description = "The calibration file to write; it may be one of those joined."
        };
        Command command = new(
            Name, "Joins calibrations of one model: the result is the same, byte for byte, as one calibration over all the samples.")
        {
            states,
            state,
        };
        command.SetAction(parsed => Run(console, parsed.GetRequiredValue(states), parsed.GetRequiredValue(state)));
        return command;
    }

    private static int Run(ToolConsole console, string[] paths, string statePath)
    {
        if (paths.Index().Any(one => paths[..one.Index].Any(other => OutputPath.IsSame(one.Item, other))))
        {
            throw new UsageException("A calibration file is named twice; its samples would count double.");
        }

        OutputRules.ThrowUnlessCalibration(statePath);

        using OutputFile output = OutputFile.Open(statePath);
        ModelCalibration merged = ModelCalibration.Load(paths[0]);
        foreach (string path in paths[1..])
        {
            try
            {
                merged.Merge(ModelCalibration.Load(path));
            }
            catch (ArgumentException exception)
            {
                throw new InvalidDataException($"{path}: {exception.Message}", exception);
            }
        }

        StateFile.Save(merged, output);
        console.WriteLine(
            $"Wrote {statePath}: {Figures.Count(merged.SampleCount, "sample")}, {Figures.Count(merged.Activations.Count, "activation")}, "
                + $"from {Figures.Count(paths.Length, "file")}.");
        foreach (string line in ModelReport.Padding(merged.Padding))
        {
            console.WriteLine(line);
        }

        return ExitCode.Success;
    }
}
