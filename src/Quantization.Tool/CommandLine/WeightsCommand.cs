using System.CommandLine;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>quantize weights</c>: weights as codes, activations in float.</summary>
internal static class WeightsCommand
{
    public const string Name = "weights";

    private const int OnlyBits = 8;

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Option<int> bits = CreateBits();
        Command command = new(Name, "Quantizes the weights of MatMul and Gemm and the tables of embeddings alone, without samples; every activation stays float. The most accurate way to a file of a quarter of its size.");
        DataFreeArguments arguments = new(command, bits);
        command.SetAction(parsed => DataFreeRun.Run(console, arguments.Read(parsed, new WeightOnlyOptions { Bits = parsed.GetValue(bits) }), cancellation));
        return command;
    }

    private static Option<int> CreateBits() => new("--bits")
    {
        HelpName = "N",
        Description = "The bits of weights; 8 is the only number so far.",
        DefaultValueFactory = _ => OnlyBits,
        CustomParser = result =>
        {
            string token = CommonOptions.Token(result);
            if (!int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value != OnlyBits)
            {
                result.AddError($"--bits '{token}' is not supported; give 8, the only number of bits so far.");
            }

            return value;
        },
    };
}
