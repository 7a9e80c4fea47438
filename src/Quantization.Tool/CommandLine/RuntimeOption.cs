using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>--runtime</c>: what the int8 model will run on.</summary>
internal static class RuntimeOption
{
    private static readonly Dictionary<string, TargetRuntime> Runtimes = Enum.GetValues<TargetRuntime>().ToDictionary(runtime => Targets.Of(runtime).Name);

    public static Option<string> Create()
    {
        Option<string> option = new("--runtime")
        {
            HelpName = string.Join('|', Runtimes.Keys),
            Description =
                "What will run the int8 model. ONNX Runtime on a processor gets only what it runs on integers; runtimes that compile the graph get more operators quantized, TensorRT with symmetric int8 activations, since it "
                + "takes no zero-points. Only ONNX Runtime was ever run by this project's tests, and what is measured is ONNX Runtime here all the same.",
            DefaultValueFactory = _ => Targets.Of(TargetRuntime.OnnxRuntimeCpu).Name,
        };
        option.AcceptOneOf([.. Runtimes.Keys]);
        return option;
    }

    /// <summary>The runtime that a name stands for.</summary>
    public static TargetRuntime Find(string name) => Runtimes[name];
}
