using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Tests.Codebooks;

public class FloatFormatTests
{
    /// <summary>TensorProto.DataType.</summary>
    private const int Float8E4M3FN = 17;
    private const int Float8E5M2 = 19;

    [Theory]
    [InlineData(Float8E4M3FN)]
    [InlineData(Float8E5M2)]
    public void Every_code_is_read_back_as_ONNX_Runtime_reads_it(int type)
    {
        // A constant of all 256 bytes through Cast to float.
        byte[] all = [.. Enumerable.Range(0, 256).Select(code => (byte)code)];
        byte[] model = Model([Node("Cast", ["codes"], ["y"], ("to", 1))], [Initializer("codes", type, [256], all)], inputs: []);
        using InferenceSession session = new(model);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run([]);
        float[] expected = results[0].AsEnumerable<float>().ToArray();
        Codebook book = BookOf(type);
        for (int code = 0; code < 256; code++)
        {
            Bits(book.Decode(code)).Should().Be(Bits(expected[code]), "of code 0x{0:X2}", code);
        }
    }

    [Theory]
    [InlineData(Float8E4M3FN)]
    [InlineData(Float8E5M2)]
    public void Cast_rounds_as_ONNX_Runtime_does(int type)
    {
        float[] probes = Probes(BookOf(type));
        float[] expected = Run(
            Model([Node("Cast", ["x"], ["codes"], ("to", type)), Node("Cast", ["codes"], ["y"], ("to", 1))], [], ["x"]), probes);
        float[] actual = new float[probes.Length];
        new CodebookQuantizer(BookOf(type)).FakeQuantize(probes, actual);
        ShouldBeTheSame(actual, expected, probes);
    }

    [Theory]
    [InlineData(Float8E4M3FN, 0.37f)]
    [InlineData(Float8E4M3FN, 3e-5f)]
    [InlineData(Float8E5M2, 0.37f)]
    [InlineData(Float8E5M2, 1024f)]
    public void QuantizeLinear_and_DequantizeLinear_agree_with_ONNX_Runtime(int type, float scale)
    {
        float[] probes = Array.ConvertAll(Probes(BookOf(type)), probe => probe * scale);
        byte[] model = Model(
            [Node("QuantizeLinear", ["x", "scale", "zero"], ["codes"]), Node("DequantizeLinear", ["codes", "scale", "zero"], ["y"])],
            [Initializer("scale", 1, [], BitConverter.GetBytes(scale)), Initializer("zero", type, [], [0])],
            ["x"]);
        float[] expected = Run(model, probes);
        float[] actual = new float[probes.Length];
        new CodebookQuantizer(BookOf(type), CodeFormat.UInt8, new QuantizationParameters([scale])).FakeQuantize(probes, actual);
        ShouldBeTheSame(actual, expected, probes);
    }

    [Fact]
    public void FP4_rounds_to_nearest_with_ties_to_the_even_mantissa()
    {
        float[] magnitudes = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6];
        List<float> wrong = [];
        for (int i = -80_000; i <= 80_000; i++)
        {
            // Multiples of 1/8192 contain every level and every value halfway; all differences are exact.
            float value = i / 8192f;
            int nearest = 0;
            for (int code = 1; code < 8; code++)
            {
                float gain = MathF.Abs(MathF.Abs(value) - magnitudes[nearest]) - MathF.Abs(MathF.Abs(value) - magnitudes[code]);
                nearest = gain > 0 || (gain == 0 && code % 2 == 0) ? code : nearest;
            }

            int expected = nearest | (float.IsNegative(value) ? 8 : 0);
            if (Codebook.Float4E2M1.Encode(value) != expected
                || Codebook.Float4E2M1.Decode(expected) != MathF.CopySign(magnitudes[nearest], value))
            {
                wrong.Add(value);
            }
        }

        wrong.Should().BeEmpty();
    }

    [Fact]
    public void FP4_saturates_keeps_the_sign_of_zero_and_reads_NaN_as_zero()
    {
        byte[] codes = new byte[6];
        new CodebookQuantizer(Codebook.Float4E2M1)
            .Quantize<byte>([float.PositiveInfinity, float.NegativeInfinity, 0, -0f, float.NaN, -float.NaN], codes);
        codes.Should().Equal(0x7, 0xF, 0x0, 0x8, 0x0, 0x0);
    }

    [Fact]
    public void FP4_takes_half_a_byte() => Codebook.Float4E2M1.NarrowestFormat.Should().Be(CodeFormat.UInt4);

    private static Codebook BookOf(int type) => type == Float8E4M3FN ? Codebook.Float8E4M3FN : Codebook.Float8E5M2;

    /// <summary>Also every value halfway between two levels, and its neighbours.</summary>
    private static float[] Probes(Codebook book)
    {
        List<float> probes = [.. SampleCodebooks.Probes(book)];
        for (int i = 0; i + 1 < book.Levels.Length; i++)
        {
            float halfway = (book.Levels[i] + book.Levels[i + 1]) / 2;
            probes.AddRange([halfway, MathF.BitDecrement(halfway), MathF.BitIncrement(halfway)]);
        }

        return [.. probes];
    }

    private static void ShouldBeTheSame(float[] actual, float[] expected, float[] probes)
    {
        int[] wrong = [.. Enumerable.Range(0, probes.Length).Where(i => Bits(actual[i]) != Bits(expected[i]))];
        wrong.Select(i => (probes[i], actual[i], expected[i])).Should().BeEmpty();
    }

    /// <summary>The bits, with all NaN of a sign alike.</summary>
    private static int Bits(float value) =>
        float.IsNaN(value) ? (float.IsNegative(value) ? -1 : int.MaxValue) : BitConverter.SingleToInt32Bits(value);

    private static float[] Run(byte[] model, float[] input)
    {
        // Without optimizations: the pairs under test must not be folded away.
        using SessionOptions options = new() { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        using InferenceSession session = new(model, options);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(
            [NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(input, [input.Length]))]);
        return results[0].AsEnumerable<float>().ToArray();
    }

    /// <summary>A ModelProto of opset 19 whose output is the float tensor y, by the field numbers of onnx.proto.</summary>
    private static byte[] Model(byte[][] nodes, byte[][] initializers, string[] inputs) => Message(model =>
    {
        model.Int(1, 9);
        model.Bytes(7, Message(graph =>
        {
            Array.ForEach(nodes, node => graph.Bytes(1, node));
            graph.Text(2, "g");
            Array.ForEach(initializers, initializer => graph.Bytes(5, initializer));
            Array.ForEach(inputs, input => graph.Bytes(11, FloatVector(input)));
            graph.Bytes(12, FloatVector("y"));
        }));
        model.Bytes(8, Message(opset => opset.Int(2, 19)));
    });

    private static byte[] Node(string type, string[] inputs, string[] outputs, params (string Name, int Value)[] attributes) =>
        Message(node =>
        {
            Array.ForEach(inputs, input => node.Text(1, input));
            Array.ForEach(outputs, output => node.Text(2, output));
            node.Text(4, type);
            foreach ((string name, int value) in attributes)
            {
                node.Bytes(5, Message(attribute =>
                {
                    attribute.Text(1, name);
                    attribute.Int(3, value);
                    attribute.Int(20, 2);
                }));
            }
        });

    private static byte[] Initializer(string name, int type, int[] shape, byte[] data) => Message(tensor =>
    {
        Array.ForEach(shape, length => tensor.Int(1, length));
        tensor.Int(2, type);
        tensor.Text(8, name);
        tensor.Bytes(9, data);
    });

    private static byte[] FloatVector(string name) => Message(info =>
    {
        info.Text(1, name);
        info.Bytes(2, Message(type => type.Bytes(1, Message(tensor =>
        {
            tensor.Int(1, 1);
            tensor.Bytes(2, Message(shape => shape.Bytes(1, Message(dimension => dimension.Text(2, "n")))));
        }))));
    });

    private static byte[] Message(Action<FieldWriter> write)
    {
        using MemoryStream stream = new();
        using (CodedOutputStream output = new(stream))
        {
            write(new FieldWriter(output));
        }

        return stream.ToArray();
    }

    private sealed class FieldWriter(CodedOutputStream output)
    {
        public void Int(int field, long value)
        {
            output.WriteTag(field, WireFormat.WireType.Varint);
            output.WriteInt64(value);
        }

        public void Text(int field, string value)
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteString(value);
        }

        public void Bytes(int field, byte[] value)
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(value));
        }
    }
}
