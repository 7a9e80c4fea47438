using Google.Protobuf;
using Quantization.Onnx.Protos;
using static Quantization.Onnx.Protos.TensorProto.Types;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>Models of 16-bit floats, whole or in part, run on integers as those of 32 bits do, and are fed as they were.</summary>
public sealed class HalfPrecisionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("residual", 4)]
    [InlineData("swish", 4)]
    [InlineData("flatten and gemms", 3)]
    [InlineData("transpose and matmul", 2)]
    [InlineData("constant nodes", 1)]
    [InlineData("depthwise", 2)]
    public void A_model_of_16_bits_keeps_its_inputs_and_outputs(string name, int int8Nodes)
    {
        ModelBuilder model = GraphCases.Make(name).ToHalf();

        PtqResult result = Quantize(model);

        result.Int8Nodes.Should().Be(int8Nodes);
        result.FloatNodes.Should().BeEmpty();
        ModelProto written = ModelFile.Load(Output).Model;
        written.Graph.Input.Should().Equal(model.Graph.Input);
        written.Graph.Output.Should().Equal(model.Graph.Output);
        Sqnr().Should().BeGreaterThan(25);
        OnnxChecker.Check([Output]).Accepted.Should().Be(1);
    }

    [Theory]
    [InlineData("inputs and outputs of 32 bits")]
    [InlineData("weights alone")]
    [InlineData("weights alone, as integers")]
    [InlineData("weights alone, bfloat16")]
    [InlineData("weights alone, behind Reshape")]
    [InlineData("weights alone, in a Constant node")]
    public void Casts_around_16_bits_disappear(string name)
    {
        PtqResult result = Quantize(Make(name));

        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QLinearConv"] = 2 });
        result.ConversionReasons.Should().HaveCount(2).And.StartWith("to codes: 'x' comes in as floats");
        Sqnr().Should().BeGreaterThan(25);
        OnnxChecker.Check([Output]).Accepted.Should().Be(1);
    }

    [Fact]
    public void A_branch_reads_the_16_bit_input_as_32_bits()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 3);
        model.Node("ReduceMax", ["x"], "most", ModelBuilder.Int("keepdims", 0))
            .Constant("zero", [0]).Node("Greater", ["most", "zero"], "yes");
        GraphProto then = new ModelBuilder().Node("Add", ["a", "x"], "t").Output("t", 1, 3, 8, 8).Graph,
            otherwise = new ModelBuilder().Node("Neg", ["x"], "e").Output("e", 1, 3, 8, 8).Graph;
        then.Output[0].Type.TensorType.ElemType = otherwise.Output[0].Type.TensorType.ElemType = (int)DataType.Float16;
        model.Node("If", ["yes"], "y", Branch("then_branch", then), Branch("else_branch", otherwise)).Output("y", 1, 3, 8, 8).ToHalf();

        Quantize(model).Int8Nodes.Should().Be(1);

        Sqnr().Should().BeGreaterThan(25);
    }

    [Fact]
    public void What_only_16_bits_can_say_is_left_as_it_is()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 3).Node("SequenceConstruct", ["a"], "y").Output("y").ToHalf();
        byte[] sequenceOfHalf = [(4 << 3) | 2, 6, (1 << 3) | 2, 4, (1 << 3) | 2, 2, 1 << 3, (byte)DataType.Float16];
        model.Graph.Output[0].Type = TypeProto.Parser.ParseFrom(sequenceOfHalf);

        PtqResult result = Quantize(model);

        result.QuantizedNodes.Should().BeEmpty();
        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["a-node"] = "its weights are not 32-bit floats" });
        File.ReadAllBytes(Output).Should().Equal(File.ReadAllBytes(ModelPath));
    }

    [Fact]
    public void Every_16_bit_value_has_its_equal()
    {
        ushort[] bits = [.. Enumerable.Range(0, 1 << 16).Select(value => (ushort)value)];
        TensorProto half = TensorData.Make<ushort>(DataType.Float16, bits, bits.Length),
            brain = TensorData.Make<ushort>(DataType.Bfloat16, bits, bits.Length);

        half.Widen();
        brain.Widen();

        half.ReadFloats().Should().Equal(bits.Select(value => (float)BitConverter.UInt16BitsToHalf(value)));
        brain.ReadFloats().Select(value => BitConverter.SingleToUInt32Bits(value)).Should().Equal(bits.Select(value => (uint)value << 16));
    }

    private static ModelBuilder Make(string name)
    {
        ModelBuilder model = GraphCases.Image();
        if (name.StartsWith("inputs", StringComparison.Ordinal))
        {
            model.Cast("x", "h", DataType.Float16).Conv("h", "a", 3, 4).Node("Relu", ["a"], "b").Conv("b", "c", 4, 4)
                .Cast("c", "y", DataType.Float);
            model.Graph.Initializer.ToList().ForEach(HalfModel.Narrow);
        }
        else
        {
            model.Conv("x", "a", 3, 4).Conv("a", "y", 4, 4);
            foreach (NodeProto conv in model.Graph.Node.ToArray())
            {
                NarrowWeights(model, conv, name);
            }
        }

        return model.Output("y", 1, 4, 8, 8);
    }

    private static void NarrowWeights(ModelBuilder model, NodeProto conv, string form)
    {
        TensorProto weight = model.Graph.Initializer.Single(tensor => tensor.Name == conv.Input[1]);
        HalfModel.Narrow(weight);
        string narrow = weight.Name, wide = narrow + "-wide";
        conv.Input[1] = wide;
        NodeProto cast = new ModelBuilder().Cast(narrow, wide, DataType.Float).Graph.Node[0];
        switch (form.Split(", ").Last())
        {
            case "as integers":
                weight.Int32Data.Add(weight.RawData.ToByteArray().Chunk(2).Select(pair => (int)BitConverter.ToUInt16(pair)));
                weight.ClearRawData();
                break;
            case "bfloat16":
                float[] values = [.. weight.RawData.ToByteArray().Chunk(2).Select(pair => (float)BitConverter.ToHalf(pair))];
                weight.RawData = TensorData.Make<ushort>(
                    DataType.Bfloat16, [.. values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))]).RawData;
                weight.DataType = (int)DataType.Bfloat16;
                break;
            case "behind Reshape":
                model.Integers(narrow + "-shape", [.. weight.Dims]);
                weight.Dims.Clear();
                weight.Dims.Add(weight.RawData.Length / 2);
                model.Graph.Node.Insert(
                    0, new ModelBuilder().Node("Reshape", [narrow, narrow + "-shape"], narrow + "-shaped").Graph.Node[0]);
                cast.Input[0] = narrow + "-shaped";
                break;
            case "in a Constant node":
                model.Graph.Initializer.Remove(weight);
                NodeProto constant = new()
                {
                    OpType = "Constant",
                    Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = weight } }
                };
                constant.Output.Add(narrow);
                model.Graph.Node.Insert(0, constant);
                break;
        }

        model.Graph.Node.Insert(model.Graph.Node.IndexOf(conv), cast);
    }

    private static AttributeProto Branch(string name, GraphProto graph) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = graph };

    private PtqResult Quantize(ModelBuilder model)
    {
        bool isHalf = model.Graph.Input[0].Type.TensorType.ElemType == (int)DataType.Float16;
        ModelSample[] samples = [.. RandomTensors.Samples(16, GraphCases.ImageShape).Select(sample => isHalf ? Narrow(sample) : sample)];
        return PostTrainingQuantizer.Quantize(model.Save(ModelPath), new SampleList(samples), Output);
    }

    private static ModelSample Narrow(ModelSample sample)
    {
        SampleTensor tensor = sample.Inputs[0];
        Half[] values =
            [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.Data).ToArray().Select(value => (Half)value)];
        return new ModelSample(sample.Name, SampleTensor.Create<Half>(tensor.Name, values, tensor.Shape));
    }

    private double Sqnr()
    {
        float[] input = RandomTensors.Normal(1, 3 * 64);
        return Decibels.Sqnr(HalfModel.Run(ModelPath, input, GraphCases.ImageShape), HalfModel.Run(Output, input, GraphCases.ImageShape));
    }
}
