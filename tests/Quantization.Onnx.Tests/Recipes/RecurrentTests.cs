using System.Runtime.InteropServices;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>LSTM with int8 weights, as ONNX Runtime's own operator.</summary>
public sealed class RecurrentTests : IDisposable
{
    private const int Steps = 12, Width = 24;

    private readonly TemporaryFolder _folder = new();
    private readonly float[] _x = RandomTensors.Normal(1, Steps * Width);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("forward", 32, GranularityKind.PerChannel)]
    [InlineData("bidirectional", 32, GranularityKind.PerChannel)]
    [InlineData("bidirectional", 40, GranularityKind.PerTensor)]
    [InlineData("forward", 720, GranularityKind.PerChannel)] // above 8 MB, so that the tensors stay in the file
    public void A_layer_remembers_what_it_did_in_float(string direction, int hidden, GranularityKind granularity)
    {
        string path = Network(direction, hidden).Save(_folder.PathTo("model.onnx"));

        PtqResult result = DynamicQuantizer.Quantize(
            path, _folder.PathTo("out.onnx"), new DynamicOptions { WeightGranularity = granularity });

        result.QuantizedNodes.Should().Equal("y-node");
        result.Int8Operators.Should().BeEquivalentTo(new Dictionary<string, int> { ["DynamicQuantizeLSTM"] = 1 });
        float[] expected = Run(path), actual = Run(result.OutputPath);
        Decibels.Sqnr(expected, actual).Should().BeGreaterThan(30);
        PtqResult again = PostTrainingQuantizer.Quantize(path, result.Plan, _folder.PathTo("again.onnx"));
        File.ReadAllBytes(again.OutputPath).Should().Equal(File.ReadAllBytes(result.OutputPath));
    }

    [Fact]
    public void The_codes_are_those_of_a_slow_reference()
    {
        const int Hidden = 32, Rows = 4 * Hidden;
        ModelBuilder network = Network("bidirectional", Hidden);
        string path = network.Save(_folder.PathTo("model.onnx"));

        ModelProto written = ModelFile.Load(DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx")).OutputPath).Model;

        NodeProto node = written.Graph.Node.Single(each => each.OpType == "DynamicQuantizeLSTM");
        foreach ((int matrix, int scale, string name, int columns) in new[] { (1, 8, "w", Width), (2, 10, "r", Hidden) })
        {
            float[] weights = network.Graph.Initializer.Single(tensor => tensor.Name == name).ReadFloats();
            TensorProto codes = Find(written, node.Input[matrix]);
            float[] scales = Find(written, node.Input[scale]).ReadFloats();
            codes.Dims.Should().Equal(2, columns, Rows);
            for (int direction = 0; direction < 2; direction++)
            {
                float[] transposed = SlowDynamicProduct.Transpose(
                    weights[(direction * Rows * columns)..((direction + 1) * Rows * columns)], Rows, columns);
                (int[,] expected, float[] expectedScales) = SlowDynamicProduct.Round(transposed, columns, Rows);
                scales[(direction * Rows)..((direction + 1) * Rows)].Should().Equal(expectedScales);
                MemoryMarshal.Cast<byte, sbyte>(codes.RawData.Span.Slice(direction * Rows * columns, Rows * columns))
                    .ToArray().Select(code => (int)code).Should().Equal(expected.Cast<int>());
            }
        }
    }

    [Fact]
    public void A_calibrator_of_ones_own_stands_in_the_plan_by_its_scales()
    {
        string path = Network("forward", 32).Save(_folder.PathTo("model.onnx"));
        PtqResult result = DynamicQuantizer.Quantize(
            path, _folder.PathTo("out.onnx"), new DynamicOptions { WeightCalibrator = new Half() });
        result.Plan.Save(_folder.PathTo("plan.json"));

        PtqResult again = PostTrainingQuantizer.Quantize(
            path, QuantizationPlan.Load(_folder.PathTo("plan.json")), _folder.PathTo("again.onnx"));

        File.ReadAllBytes(again.OutputPath).Should().Equal(File.ReadAllBytes(result.OutputPath));
    }

    [Fact]
    public void A_layer_without_a_form_stays_in_float_with_a_reason()
    {
        string path = Network("forward", 32, first: "").Save(_folder.PathTo("model.onnx"));
        string whole = Network("forward", 32).Save(_folder.PathTo("whole.onnx"));
        QuantizationPlan plan = DynamicQuantizer.Quantize(whole, _folder.PathTo("out.onnx")).Plan;

        PtqResult result = DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx"));

        result.FloatNodes["y-node"].Should().Be("its first result is missing, which plans need to name the node");
        result.Warnings.Should().ContainSingle(warning => warning.Code == AdviceCode.NothingToQuantize);
        File.ReadAllBytes(result.OutputPath).Should().Equal(File.ReadAllBytes(path));
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(
            whole, plan with { Nodes = [plan.Nodes[0] with { Inputs = [] }] }, _folder.PathTo("no.onnx")))
            .Should().Throw<ArgumentException>()
            .WithMessage("*gives node 'y-node' int8 weights and an input whose range is not found at run time*");
    }

    private static ModelBuilder Network(string direction, int hidden, string first = "y")
    {
        int directions = direction == "forward" ? 1 : 2;
        double deviation = 0.5 / Math.Sqrt(hidden);
        ModelBuilder network = new ModelBuilder().Input("x", Steps, 1, Width)
            .Constant("w", RandomTensors.Normal(2, directions * 4 * hidden * Width, deviation), directions, 4 * hidden, Width)
            .Constant("r", RandomTensors.Normal(3, directions * 4 * hidden * hidden, deviation), directions, 4 * hidden, hidden)
            .Constant("b", RandomTensors.Normal(4, directions * 8 * hidden, 0.1), directions, 8 * hidden)
            .Node("LSTM", ["x", "w", "r", "b"], "y", ModelBuilder.Int("hidden_size", hidden), new AttributeProto
            {
                Name = "direction",
                Type = AttributeProto.Types.AttributeType.String,
                S = ByteString.CopyFromUtf8(direction)
            });
        network.Graph.Node[0].Output.Clear();
        network.Graph.Node[0].Output.Add([first, "h"]);
        return first.Length > 0 ? network.Output("y", Steps, directions, 1, hidden) : network.Output("h", directions, 1, hidden);
    }

    private float[] Run(string path) => ModelRun.Floats(ModelFile.Load(path).Model, _x, Steps, 1, Width)[0];

    private static TensorProto Find(ModelProto model, string name) => model.Graph.Initializer.Single(tensor => tensor.Name == name);

    /// <summary>Half of what was seen.</summary>
    private sealed class Half : ICalibrator
    {
        public string Name => "half";

        public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
        {
            CalibrationResult all = new MaxCalibrator().Calibrate(statistics, format, scheme);
            return all with { Range = new ValueRange(all.Range.Min / 2, all.Range.Max / 2) };
        }
    }
}
