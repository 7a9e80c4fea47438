using System.Collections.Frozen;

namespace Quantization.Onnx;

/// <summary>The runtimes that models can be quantized for.</summary>
internal static class Targets
{
    /// <summary>What a runtime that compiles the whole graph takes: every operator keeps its form.</summary>
    private static readonly Target Compiler = new()
    {
        Name = "",
        HasIntegerConvTranspose = true,
        HasIntegerSub = true,
        GainsFromProducts = true,
        HasIntegerInterpolation = true,
        CentresSymmetricCodes = true,
    };

    private static readonly FrozenDictionary<TargetRuntime, Target> All = new Dictionary<TargetRuntime, Target>
    {
        // What fuses and what gains was found by running version 1.31.1; docs/explanation/onnx-forms.md has the figures.
        [TargetRuntime.OnnxRuntimeCpu] = new()
        {
            Name = "onnxruntime-cpu", IsRunHere = true, TakesTablesOfCodes = true, TakesDynamicInputs = true, NeedsBiasCodes = true,
            QuantizesBetweenPairs = true, IsSlowInGroups = true,
        },

        // It takes no zero-points:
        // https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/quantized-types-explicit-quantization.html
        [TargetRuntime.TensorRT] =
            Compiler with { Name = "tensorrt", ActivationFormat = CodeFormat.Int8, ActivationScheme = QuantizationScheme.Symmetric },
        [TargetRuntime.OpenVino] = Compiler with { Name = "openvino" },
        [TargetRuntime.Qnn] = Compiler with { Name = "qnn" },
    }.ToFrozenDictionary();

    /// <summary>A runtime for which every weight is found, whatever form it runs in.</summary>
    public static Target AnyForm => Compiler;

    /// <summary>The runtimes' names, as plans have them.</summary>
    public static FrozenDictionary<string, TargetRuntime> Names { get; } = All.ToFrozenDictionary(
        each => each.Value.Name, each => each.Key);

    /// <summary>The runtime of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static TargetRuntime Find(string name) => Names.TryGetValue(name, out TargetRuntime runtime)
        ? runtime
        : throw new ArgumentException($"The plan is for the target '{VisibleText.Short(name)}'; known are "
            + $"{string.Join(", ", Names.Keys.Order(StringComparer.Ordinal))}.", nameof(name));

    /// <summary>The data of a runtime.</summary>
    public static Target Of(TargetRuntime runtime) => All[runtime];
}
