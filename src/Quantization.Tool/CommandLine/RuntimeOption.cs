using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>--runtime</c>: what the int8 model will run on.</summary>
internal static class RuntimeOption
{
    private const string Cpu = "onnxruntime-cpu";
    private const string Compiler = "graph-compiler";
    private const string TensorRT = "tensorrt";

    public static Option<string> Create()
    {
        Option<string> option = new("--runtime")
        {
            HelpName = $"{Cpu}|{Compiler}|{TensorRT}",
            Description =
                "What will run the int8 model. ONNX Runtime on a processor gets only what it runs on integers; runtimes that compile the graph, such as OpenVINO and QNN, get more operators quantized, and TensorRT the same with "
                + "symmetric int8 activations, since it takes no zero-points. What is measured is ONNX Runtime here all the same.",
            DefaultValueFactory = _ => Cpu,
        };
        option.AcceptOnlyFromAmong(Cpu, Compiler, TensorRT);
        return option;
    }

    /// <summary>The runtime that a name stands for.</summary>
    public static TargetRuntime Find(string name) => name == Cpu ? TargetRuntime.OnnxRuntimeCpu : TargetRuntime.GraphCompiler;

    /// <summary>The options with what the runtime demands.</summary>
    public static PtqOptions For(string name, PtqOptions options) => name == TensorRT
        ? options with { Runtime = Find(name), ActivationFormat = CodeFormat.Int8, ActivationScheme = QuantizationScheme.Symmetric }
        : options with { Runtime = Find(name) };

    /// <summary>The options of a search with what the runtime demands.</summary>
    public static SearchOptions For(string name, SearchOptions options) =>
        options with { Baseline = For(name, options.Baseline), ActivationSchemes = name == TensorRT ? [QuantizationScheme.Symmetric] : options.ActivationSchemes };
}
