using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Quantization.Tool;

/// <summary>Arguments and options that several commands share.</summary>
internal static class CommonOptions
{
    private const int MinBits = 2;
    private const int MaxBits = 8;

    public static Argument<string> Model() => new("model") { Description = "The float ONNX model.", HelpName = "model.onnx" };

    private const string SampleFiles =
        "one .npy (the model's only input) or .npz (arrays named after the inputs) a sample, or subfolders with "
        + "ONNX's input_0.pb, input_1.pb ... Samples may have the batch axis or lack it. Or images (.png, .jpg, .webp, .bmp, .gif).";

    public static Option<string> Data() => new("--data")
    {
        HelpName = "DIR",
        Description =
            $"The folder of samples, inputs like those that the model will see in use: {SampleFiles} A hundred or more are a good start.",
    };

    /// <summary>The folder of samples, where these only serve to measure.</summary>
    public static Option<string> MeasuringData() => new("--data")
    {
        HelpName = "DIR",
        Description = "The folder of samples to measure on. A command that refines the model or rounds weights uses them for that too. "
            + $"Without samples nothing is measured. {char.ToUpperInvariant(SampleFiles[0])}{SampleFiles[1..]}",
    };

    /// <summary>The folder of samples to compare models on.</summary>
    public static Option<string> ComparingData() => new("--data")
    {
        HelpName = "DIR",
        Description = $"The folder of samples to compare on: {SampleFiles}",
    };

    public static Option<string> Labels() => new("--labels")
    {
        HelpName = "labels.csv",
        Description =
            "The classes of the samples, in lines 'file name,class index' or 'file name,class name' (for images the path from DIR), to "
                + "measure top-1 accuracy. Every fourth labelled sample (1st, 5th, ...) calibrates and the others score; samples without a "
                + "label calibrate.",
    };

    /// <summary>The classes of samples, where these only serve to measure.</summary>
    public static Option<string> MeasuringLabels() => new("--labels")
    {
        HelpName = "labels.csv",
        Description = "The classes of the samples, in lines 'file name,class index' or 'file name,class name' (for images the path from "
            + "DIR), to measure top-1 accuracy.",
    };

    public static Option<string> Output() =>
        Output("model.int8.onnx", "The int8 model to write. It appears whole or not at all; an existing file is replaced.");

    /// <summary>The file that a command writes.</summary>
    public static Option<string> Output(string helpName, string description) =>
        new("--output", "-o") { Required = true, HelpName = helpName, Description = description };

    public static Option<bool> PerTensor() => new("--per-tensor")
    {
        Description = "Give weights one scale per tensor instead of one per output channel: smaller, usually less accurate."
    };

    public static Option<bool> NoRefine() => new("--no-refine")
    {
        Description = "Do not refine the plan on samples: scale no inputs or channels, correct no biases, and leave only those activations "
            + "in float that you name.",
    };

    public static Option<string[]> FloatNodes() =>
        new("--float-node") { HelpName = "NAME", Description = "A node to leave in float, by its name; give the option once per node." };

    /// <summary>Where a run of many models keeps what it did; see <see cref="RunState"/>.</summary>
    public static Option<string> RunState() => new("--state")
    {
        HelpName = "file.qcal",
        Description =
            "Where to keep the calibration, and in file.qcal.trials the scores of the models tried. An interrupted run, or another one, "
                + "goes on from there. [default: beside the output, until the run is done]",
    };

    public static Option<int> Batch() =>
        Count("--batch", "How many samples to run as one batch when measuring, if the model's batch axis is free.");

    public static Option<int> WeightBits()
    {
        Option<int> bits = Count(
            "--weight-bits",
            "The bits of weights, 2 to 8; they are stored as int8. 7 keeps int8 exact on x64 processors without VNNI instructions.");
        bits.DefaultValueFactory = _ => MaxBits;
        bits.Validators.Add(result =>
        {
            if (result.GetValue(bits) is < MinBits or > MaxBits)
            {
                result.AddError($"--weight-bits '{result.Tokens[0].Value}' is not 2 to 8.");
            }
        });
        return bits;
    }

    /// <summary>An option of a whole number from 1 up.</summary>
    public static Option<int> Count(string name, string description) => new(name)
    {
        HelpName = "N",
        Description = description,
        DefaultValueFactory = _ => 1,
        CustomParser = result => ParseCount(result, name, 1),
    };

    /// <summary>Reads a whole number from <paramref name="least"/> up.</summary>
    public static int ParseCount(ArgumentResult result, string name, int least)
    {
        if (!int.TryParse(Token(result), NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < least)
        {
            result.AddError($"{name} '{Token(result)}' is no whole number from {least.ToString(CultureInfo.InvariantCulture)} up.");
        }

        return value;
    }

    /// <summary>What the user wrote for an option of one value.</summary>
    public static string Token(ArgumentResult result) => result.Tokens[0].Value;
}
