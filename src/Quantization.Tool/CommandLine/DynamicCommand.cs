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
        Option<bool> noRefine = new("--no-refine") { Description = "Use samples only to measure: do not scale inputs." };
        Command command = new(
            Name,
            "Dynamic quantization: the weights of MatMul and Gemm become int8, and so do their inputs, whose ranges are found anew in each "
                + "run. Needs no samples. With --data, inputs are scaled so that columns of very different magnitude share one range "
                + "better. For transformers and other models that spend their time on matrices.");
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
