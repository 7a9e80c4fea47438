using System.Text.RegularExpressions;

namespace Quantization.Onnx.Tests.Documentation;

/// <summary>What docs/explanation/architecture.md says of who knows what holds for the source.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Sources = Path.Combine(AppContext.BaseDirectory, "Documentation", "sources");

    /// <summary>ONNX's operators that this library reads or writes, and the forms of ONNX Runtime's own that it looks for.</summary>
    private static readonly string[] Operators =
    [
        "Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "Conv", "ConvInteger", "ConvTranspose",
        "DepthToSpace", "DequantizeLinear", "Div", "Dropout", "DynamicQuantizeLinear", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul",
        "Erf", "Exp", "Expand", "Flatten", "Gather", "Gelu", "Gemm", "GlobalAveragePool", "HardSigmoid", "HardSwish", "Identity", "If",
        "LayerNormalization", "LeakyRelu", "Loop", "LSTM", "MatMul", "MatMulInteger", "MatMulIntegerToFloat", "MatMulNBits", "Max",
        "MaxPool", "Min", "Mul", "Pad", "PRelu", "QGemm", "QuantizeLinear", "ReduceMean", "Relu", "Reshape", "Resize", "Scan", "Shape",
        "Sigmoid", "Slice", "Softmax", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile", "Transpose", "Unsqueeze", "Where",
    ];

    [Fact]
    public void Only_passes_rules_and_lowerings_know_operators()
    {
        string[] allowed = ["Passes/", "Planning/Rules/", "Lowering/"];
        string[] exceptions =
        [
            "Graphs/GraphIndex.cs: Constant", // a node that stores a tensor, as an initializer does
            "Planning/BuiltInCalibrators.cs: Max", // a calibrator
            "Observing/Observer.cs: Identity", // a model to open once, which computes nothing
        ];

        string[] found =
        [
            .. Find(OperatorLiteral())
                .Where(each => Operators.Contains(each.Literal)
                    && !allowed.Any(folder => each.File.StartsWith(folder, StringComparison.Ordinal)))
                .Select(each => $"{each.File}: {each.Literal}")
        ];

        found.Should().BeEquivalentTo(exceptions);
    }

    [Fact]
    public void Only_targets_ask_which_runtime_it_is()
    {
        // Options name the default, and recipes without a choice their only one.
        string[] exceptions = ["Calibration/CalibrationOptions.cs: OnnxRuntimeCpu", "Quantizing/PtqOptions.cs: "
            + "OnnxRuntimeCpu", "Recipes/BlockWeightsRecipe.cs: OnnxRuntimeCpu", "Recipes/WeightOnlyInt8Recipe.cs: "
            + "OnnxRuntimeCpu", "Recipes/DynamicInt8Recipe.cs: OnnxRuntimeCpu"];

        string[] found = [.. Find(RuntimeName())
            .Where(each => !each.File.StartsWith("Targets/", StringComparison.Ordinal)).Select(each => $"{each.File}: {each.Literal}")];

        found.Should().BeEquivalentTo(exceptions);
    }

    [Fact]
    public void Recipes_do_not_call_each_other()
    {
        string[] recipes = [.. Directory.GetFiles(Path.Combine(Sources, "Recipes"), "*Recipe.cs").Select(Path.GetFileNameWithoutExtension)
            .OfType<string>().Where(name => name != "IRecipe")];
        recipes.Should().HaveCountGreaterThan(1);

        foreach (string recipe in recipes)
        {
            string source = File.ReadAllText(Path.Combine(Sources, "Recipes", $"{recipe}.cs"));
            recipes.Where(other => other != recipe).Should().OnlyContain(other => !source.Contains(other), "{0} stands by itself", recipe);
        }
    }

    private static IEnumerable<(string File, string Literal)> Find(Regex pattern) =>
        Directory.GetFiles(Sources, "*.cs", SearchOption.AllDirectories)
            .Select(path => (File: Path.GetRelativePath(Sources, path).Replace('\\', '/'), Text: string.Join(
                '\n', File.ReadLines(path).Where(line => !line.TrimStart().StartsWith("///", StringComparison.Ordinal)))))
            .SelectMany(each => pattern.Matches(each.Text).Select(match => (each.File, match.Groups[1].Value))).Distinct();

    [GeneratedRegex("\"([A-Za-z0-9]+)\"")]
    private static partial Regex OperatorLiteral();

    [GeneratedRegex(@"TargetRuntime\.([A-Za-z]+)")]
    private static partial Regex RuntimeName();
}
