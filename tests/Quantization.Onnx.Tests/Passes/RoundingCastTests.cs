using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;
using static Quantization.Onnx.Protos.TensorProto.Types;

namespace Quantization.Onnx.Tests.Passes;

/// <summary>
/// A Cast to 16-bit floats inside a model rounds and overflows after cleaning as it did before. ONNX Runtime is the oracle: it runs the
/// original.
/// </summary>
public sealed class RoundingCastTests : IDisposable
{
    private static readonly float[] Values =
        [1 / 3f, 70000, -70000, 65519.996f, 65520, 1e-8f, 6e-8f, 1e30f, float.MaxValue, 0.1f, -0f, 2049];

    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("from floats", false)]
    [InlineData("from floats", true)]
    [InlineData("from doubles", false)]
    [InlineData("from integers", false)]
    [InlineData("from integers", true)]
    [InlineData("from the other kind", false)]
    [InlineData("twice", false)]
    [InlineData("read by a branch", false)]
    [InlineData("inside a branch", false)]
    [InlineData("inside a function", false)]
    [InlineData("of a constant", false)]
    [InlineData("of a constant", true)]
    [InlineData("of 16 bits at the output", false)]
    public void Rounds_as_before(string name, bool isBfloat16)
    {
        ModelProto model = Make(name, isBfloat16 ? DataType.Bfloat16 : DataType.Float16).Model;

        ModelProto cleaned = ModelCleaner.Clean(ModelPath, model, null);

        foreach (GraphOptimizationLevel level in Enum.GetValues<GraphOptimizationLevel>())
        {
            Run(cleaned, level).Should().Equal(Run(model, level), "{0}", level);
        }

        Run(cleaned, GraphOptimizationLevel.ORT_ENABLE_ALL).Should().NotEqual(Values);
    }

    public static TheoryData<string> ArithmeticOperators => [.. RoundingCasts.ArithmeticOperators];

    [Theory]
    [MemberData(nameof(ArithmeticOperators))]
    public void Arithmetic_reads_what_ONNX_Runtime_reads(string operatorType)
    {
        ModelProto model = MakeArithmetic(operatorType).Model;

        ModelProto cleaned = ModelCleaner.Clean(ModelPath, model, null);

        cleaned.Graph.Node.Should().NotContain(node => node.OpType == "Cast" && node.GetInt("to", 0) != (long)DataType.Float);
        Run(cleaned, GraphOptimizationLevel.ORT_DISABLE_ALL, 1, 1, 3, 4).Should()
            .Equal(Run(model, GraphOptimizationLevel.ORT_DISABLE_ALL, 1, 1, 3, 4));
    }

    [Fact]
    public void A_value_of_16_bits_is_not_rounded_again()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Cast("a", "b", DataType.Float16).Conv("b", "y", 4, 4)
            .Output("y", 1, 4, 8, 8).ToHalf();

        ModelProto cleaned = ModelCleaner.Clean(ModelPath, model.Model, null);

        cleaned.Graph.Node.Select(node => node.OpType).Should().Equal("Cast", "Conv", "Conv", "Cast");
    }

    [Fact]
    public void Rounding_for_the_output_alone_is_done_at_the_border()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Cast("a", "y", DataType.Float16).Output("y", 1, 4, 8, 8);
        model.Graph.Output[0].Type.TensorType.ElemType = (int)DataType.Float16;

        ModelProto cleaned = ModelCleaner.Clean(ModelPath, model.Model, null);

        cleaned.Graph.Node.Select(node => node.OpType).Should().Equal("Conv", "Cast");
    }

    private static ModelBuilder MakeArithmetic(string operatorType)
    {
        ModelBuilder model = new ModelBuilder(17).Input("x", 1, 1, 3, 4).Constant("k", [1.5f], 1, 1, 1, 1).Constant("one", [0.75f], 1)
            .Constant("m", [1, 0, 0, 2], 4, 1).ToHalf();
        model.Graph.Input[0].Type.TensorType.ElemType = (int)DataType.Float;
        model.Cast("x", "h", DataType.Float16);
        string[] inputs = operatorType switch
        {
            "Add" or "Conv" or "ConvTranspose" or "Div" or "Mul" or "PRelu" or "Pow" or "Sub" => ["h", "k"],
            "BatchNormalization" => ["h", "one", "one", "one", "one"],
            "InstanceNormalization" => ["h", "one", "one"],
            "Gemm" => ["g", "m"],
            "MatMul" => ["h", "m"],
            _ => ["h"],
        };
        if (operatorType == "Gemm")
        {
            model.Integers("matrix", 3, 4).Node("Reshape", ["x", "matrix"], "r");
            model.Graph.Node.RemoveAt(0);
            model.Cast("r", "g", DataType.Float16);
        }

        return model.Node(operatorType, inputs, "z", operatorType == "AveragePool" ? [ModelBuilder.Ints("kernel_shape", 1, 2)] : [])
            .Cast("z", "y", DataType.Float).Output("y");
    }

    private static ModelBuilder Make(string name, DataType type)
    {
        ModelBuilder model = new ModelBuilder(17).Input("x", Values.Length).Output("y", Values.Length);
        ModelBuilder Branches(string captured, bool casts)
        {
            AttributeProto Branch(string part, string operatorType)
            {
                ModelBuilder branch = new(17);
                if (casts)
                {
                    branch.Cast(captured, $"{part}-h", type)
                        .Cast($"{part}-h", $"{part}-f", DataType.Float).Node(operatorType, [$"{part}-f"], part);
                }
                else
                {
                    branch.Cast(captured, $"{part}-f", DataType.Float).Node(operatorType, [$"{part}-f"], part);
                }

                return new AttributeProto
                {
                    Name = $"{part}_branch",
                    Type = AttributeProto.Types.AttributeType.Graph,
                    G = branch.Output(part, Values.Length).Graph
                };
            }

            return model.Node("ReduceMax", ["x"], "most", ModelBuilder.Int("keepdims", 0))
                .Constant("limit", [0])
                .Node("Greater", ["most", "limit"], "yes")
                .Node("If", ["yes"], "y", Branch("then", "Neg"), Branch("else", "Abs"));
        }

        switch (name)
        {
            case "from floats":
                return model.Cast("x", "h", type).Cast("h", "y", DataType.Float);
            case "from doubles":
                return model.Cast("x", "d", DataType.Double).Cast("d", "h", type).Cast("h", "y", DataType.Float);
            case "from integers":
                return model.Constant("most", [1e9f]).Constant("least", [-1e9f]).Node("Clip", ["x", "least", "most"], "c")
                    .Cast("c", "i", DataType.Int64).Cast("i", "h", type).Cast("h", "y", DataType.Float);
            case "from the other kind":
                return model.Cast("x", "b", DataType.Bfloat16).Cast("b", "h", type).Cast("h", "y", DataType.Float);
            case "twice":
                return model.Cast("x", "h", type).Cast("h", "f", DataType.Float).Node("Neg", ["f"], "n").Cast("n", "g", type)
                    .Cast("g", "i", type).Cast("i", "y", DataType.Float);
            case "read by a branch":
                return Branches(model.Cast("x", "h", type).Graph.Node[0].Output[0], casts: false);
            case "inside a branch":
                return Branches("x", casts: true);
            case "inside a function":
                model.Node("Round", ["x"], "y").Graph.Node[0].Domain = "com.example";
                model.Model.IrVersion = 8;
                model.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 1 });
                FunctionProto function = new() { Name = "Round", Domain =
                    "com.example", OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Input = { "a" }, Output = { "b" } };
                function.Node.Add(new ModelBuilder().Cast("a", "c", type).Cast("c", "b", DataType.Float).Graph.Node);
                model.Model.Functions.Add(function);
                return model;
            case "of a constant":
                return model.Constant("k", Values, Values.Length).Cast("k", "h", type).Cast("h", "f", DataType.Float)
                    .Node("Max", ["x", "f"], "y");
            case "of 16 bits at the output":
                model.Cast("x", "h", type).Cast("h", "f", DataType.Float).Node("Sqrt", ["f"], "r").Cast("r", "y", type);
                model.Graph.Output[0].Type.TensorType.ElemType = (int)type;
                return model;
            default:
                throw new ArgumentOutOfRangeException(nameof(name), name, "No such case.");
        }
    }

    private static float[] Run(ModelProto model, GraphOptimizationLevel level, params long[] shape)
    {
        using SessionOptions options = new() { GraphOptimizationLevel = level, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(model.ToByteArray(), options);
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(Values.ToArray(), shape.Length == 0 ? [Values.Length] : shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = value }, ["y"]);
        return outputs[0].GetTensorTypeAndShape().ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16
            ? [.. outputs[0].GetTensorDataAsSpan<Float16>().ToArray().Select(each => each.ToFloat())]
            : outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
