using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>quantize dynamic</c>: int8 without samples, whose ranges are found at run time.</summary>
internal static class DynamicCommand
{
    public const string Name = "dynamic";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Option<bool> perTensor = CommonOptions.PerTensor();
        Option<int> bits = CommonOptions.WeightBits();
        Option<bool> noRefine = new("--no-refine") { Description = "Let samples only measure: do not scale inputs by what they show." };
        Command command = new(
            Name,
            "Quantizes a model to int8 that finds ranges at run time: weights of MatMul and Gemm become int8, and their inputs too, each run with its own range. "
                + "Needs no samples; with --data, inputs are scaled so that columns of very different size share one range better. For transformers and other models whose time goes into matrices.");
        DataFreeArguments arguments = new(command, noRefine, perTensor, bits);
        command.SetAction(parsed => DataFreeRun.Run(
            console,
            arguments.Read(parsed, new DynamicOptions
            {
                WeightGranularity = parsed.GetValue(perTensor) ? GranularityKind.PerTensor : GranularityKind.PerChannel,
                WeightFormat = CodeFormat.Signed(parsed.GetValue(bits)),
            }) with { CanImprove = !parsed.GetValue(noRefine) },
            cancellation));
        return command;
    }
}
