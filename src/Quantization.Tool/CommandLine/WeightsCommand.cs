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
            "Quantizes the weights of MatMul and Gemm and the tables of embeddings alone, without samples; every activation stays float. "
                + "At 8 bits the most accurate way to a file of a quarter of its size; --bits 4 is for language models. "
                + "The model may be a folder of ONNX Runtime GenAI; the output is one then too.");
        DataFreeArguments arguments = new(command, blocks.All);
        command.SetAction(parsed => DataFreeRun.Run(
            console, arguments.Read(parsed, blocks.Read(parsed)) with { EvaluationPath = blocks.ReadEvaluation(parsed) }, cancellation));
        return command;
    }
}
