using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>quantize inspect</c>: what a model is, and what each way of quantizing would do to it.</summary>
internal static class InspectCommand
{
    public const string Name = "inspect";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = new("model") { Description = "The ONNX model, float or quantized.", HelpName = "model.onnx" };
        Option<string> runtime = RuntimeOption.Create();
        Option<bool> json = new("--json") { Description = "Write the facts to the output as JSON, instead of text for people." };
        Option<bool> verbose = new("--verbose", "-v") { Description = "Tell every operator and every reason why nodes stay in float, not just the most frequent ones." };
        Command command = new(
            Name,
            "Tells in seconds, without data, what a model is, which nodes each way of quantizing would take, what would stay in float and why, and how large the file would become. Of a quantized model it tells the encodings, and what ONNX Runtime cannot fuse.")
        {
            model,
            runtime,
            json,
            verbose,
        };
        command.SetAction(parsed =>
        {
            ModelInspection inspection = ModelInspector.Inspect(
                parsed.GetRequiredValue(model), new InspectionOptions { Runtime = RuntimeOption.Find(parsed.GetValue(runtime)!) }, cancellation);
            if (parsed.GetValue(json))
            {
                console.Output.WriteLine(inspection.ToJson());
            }
            else
            {
                InspectSummary.Write(console, inspection, parsed.GetValue(verbose));
            }

            return ExitCode.Success;
        });
        return command;
    }
}
