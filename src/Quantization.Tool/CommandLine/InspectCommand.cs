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
        Option<bool> verbose = new("--verbose", "-v")
        {
            Description = "Show every operator and every reason why nodes stay in float, not only the most frequent ones."
        };
        Option<string> way = InspectWays.CreateOption();
        Option<string> plan = new("--save-plan")
        {
            HelpName = "plan.json",
            Description = "The file to write the plan of one way (--way) to. Read or change it before 'quantize ptq --plan' carries it "
                + "out. A plan of static int8 leaves ranges to a calibrator, so 'quantize ptq' then needs --state too.",
        };
        Command command = new(
            Name,
            "Shows in seconds, without data, what a model is, which nodes each way of quantizing would take, what would stay in float and "
                + "why, and how large the file would become. For a quantized model, it shows the encodings and what "
                + "ONNX Runtime cannot fuse.")
        {
            model,
            runtime,
            way,
            plan,
            json,
            verbose,
        };
        command.SetAction(parsed =>
        {
            string modelPath = parsed.GetRequiredValue(model);
            InspectionOptions options = new() { Runtime = RuntimeOption.Find(parsed.GetValue(runtime)!) };
            if (parsed.GetValue(plan) is { } planPath)
            {
                return InspectWays.SavePlan(console, modelPath, InspectWays.Find(parsed.GetValue(way)!), planPath, options);
            }

            ModelInspection inspection = ModelInspector.Inspect(modelPath, options, cancellation);
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
