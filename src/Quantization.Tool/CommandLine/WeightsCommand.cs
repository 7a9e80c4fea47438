using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>quantize weights</c>: weights as codes, activations in float.</summary>
internal static class WeightsCommand
{
    public const string Name = "weights";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        BlockOptions blocks = new();
        Command command = new(
            Name,
            "Weight-only quantization: the weights of MatMul and Gemm and embedding tables become codes, and activations stay in float. "
                + "Needs no samples. 8 bits are the most accurate way to a quarter of the size; --bits 4 is for language models. "
                + "The model may be a folder of ONNX Runtime GenAI; the output is then such a folder too.");
        DataFreeArguments arguments = new(command, blocks.All);
        command.SetAction(parsed => DataFreeRun.Run(
            console, arguments.Read(parsed, blocks.Read(parsed)) with { EvaluationPath = blocks.ReadEvaluation(parsed) }, cancellation));
        return command;
    }
}
