using System.CommandLine;
using System.CommandLine.Help;

namespace Quantization.Tool;

/// <summary>The commands, as the user sees them.</summary>
internal static class ToolCommands
{
    public const string Name = "quantize";

    /// <summary>All commands, ready to parse arguments.</summary>
    public static RootCommand Create(ToolConsole console, CancellationToken cancellation)
    {
        RootCommand root = new(
            """
            Turns ONNX models into smaller, faster int8 ONNX models and measures what it costs.

            Without a command it shows the whole way on an embedded image classifier: calibrates it once, quantizes it with three calibrators, compares accuracy, size and latency in ONNX Runtime, and writes the best int8 model under ./quantized.
            """)
        {
            PtqCommand.Create(console, cancellation),
            SearchCommand.Create(console, cancellation),
            PartialCommand.Create(console, cancellation),
            CalibrateCommand.Create(console, cancellation),
            MergeCommand.Create(console),
        };
        root.SetAction(_ => ExampleCommand.Run(console, cancellation));
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }
}
