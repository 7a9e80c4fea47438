using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Quantization.Tool;

/// <summary>The commands, as the user sees them.</summary>
internal static class ToolCommands
{
    public const string Name = "quantize";

    /// <summary>All commands, ready to parse arguments.</summary>
    public static RootCommand Create(ToolConsole console, CancellationToken cancellation)
    {
        RootCommand root = new(
            "Turns ONNX models into smaller, faster int8 ONNX models and measures what it costs.\n\n"
                + "Without a command, it runs an example on an embedded image classifier: it calibrates the model once, quantizes it with "
                + "three calibrators, compares accuracy, size and latency in ONNX Runtime, and writes the best int8 model to ./quantized.")
        {
            InspectCommand.Create(console, cancellation),
            AutoCommand.Create(console, cancellation),
            PtqCommand.Create(console, cancellation),
            DynamicCommand.Create(console, cancellation),
            WeightsCommand.Create(console, cancellation),
            SearchCommand.Create(console, cancellation),
            PartialCommand.Create(console, cancellation),
            HalfCommand.Create(console, cancellation),
            CompareCommand.Create(console, cancellation),
            DequantizeCommand.Create(console, cancellation),
            CalibrateCommand.Create(console, cancellation),
            MergeCommand.Create(console),
            WorkerCommand.Create(console, cancellation),
        };
        foreach (Command command in root.Subcommands)
        {
            RefuseEmptyValues(command);
        }

        root.SetAction(_ => ExampleCommand.Run(console, cancellation));
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>An empty path or name is a variable of a script that was not set.</summary>
    private static void RefuseEmptyValues(Command command)
    {
        foreach (Option option in command.Options)
        {
            option.Validators.Add(result => AddErrorIfEmpty(option.Name, result));
        }

        foreach (Argument argument in command.Arguments)
        {
            argument.Validators.Add(result => AddErrorIfEmpty(argument.HelpName ?? argument.Name, result));
        }
    }

    private static void AddErrorIfEmpty(string name, SymbolResult result)
    {
        if (result.Tokens.Any(token => token.Value.Length == 0))
        {
            result.AddError($"{name} needs a value, but '' is empty.");
        }
    }
}
