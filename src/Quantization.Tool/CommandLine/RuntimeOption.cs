using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>--runtime</c>: what the int8 model will run on.</summary>
internal static class RuntimeOption
{
    private static readonly Dictionary<string, TargetRuntime> Runtimes = Enum.GetValues<TargetRuntime>()
        .ToDictionary(runtime => Targets.Of(runtime).Name);

    public static Option<string> Create()
    {
        Option<string> option = new("--runtime")
        {
            HelpName = string.Join('|', Runtimes.Keys),
            Description =
                "The runtime that will run the int8 model. For ONNX Runtime on a CPU, only operators that it runs on "
                    + "integers are quantized. "
                + "For runtimes that compile the graph, more operators are quantized; for TensorRT, activations are symmetric int8, "
                + "because it takes no zero-points. This project's tests run only ONNX Runtime, and measurements always use it.",
            DefaultValueFactory = _ => Targets.Of(TargetRuntime.OnnxRuntimeCpu).Name,
        };
        option.AcceptOneOf([.. Runtimes.Keys]);
        return option;
    }

    /// <summary>The runtime that a name stands for.</summary>
    public static TargetRuntime Find(string name) => Runtimes[name];
}
