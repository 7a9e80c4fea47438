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
        Command command = new(
            Name,
            "Quantizes a model to int8 without samples: weights of MatMul and Gemm become int8, and their inputs at run time, each run with its own range. For transformers and other models whose time goes into matrices.");
        DataFreeArguments arguments = new(command, perTensor, bits);
        command.SetAction(parsed => DataFreeRun.Run(
            console,
            arguments.Read(parsed, new DynamicOptions
            {
                WeightGranularity = parsed.GetValue(perTensor) ? GranularityKind.PerTensor : GranularityKind.PerChannel,
                WeightFormat = CodeFormat.Signed(parsed.GetValue(bits)),
            }),
            cancellation));
        return command;
    }
}
