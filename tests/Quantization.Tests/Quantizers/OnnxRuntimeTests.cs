using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Quantization.Oracles;

namespace Quantization.Tests.Quantizers;

/// <summary>
/// Bit for bit what ONNX Runtime computes, within the numeric contract; and where it deviates from the specification, so that a new
/// version's change is noticed.
/// </summary>
public class OnnxRuntimeTests
{
    private static readonly long[] Shape = [6, 8, 40];

    public static TheoryData<string, int, int> Cases()
    {
        TheoryData<string, int, int> cases = [];
        foreach (string type in (string[])["Int8", "UInt8", "Int16", "UInt16"])
        {
            cases.Add(type, -1, 0);
            for (int axis = 0; axis < 3; axis++)
            {
                cases.Add(type, axis, 0);
            }

            cases.Add(type, 2, 16);
            cases.Add(type, 2, 32);
            cases.Add(type, 1, 3);
            cases.Add(type, 0, 2);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Quantize_and_dequantize_equal_the_operators(string type, int axis, int blockSize)
    {
        CodeFormat format =
            type switch { "Int8" => CodeFormat.Int8, "UInt8" => CodeFormat.UInt8, "Int16" => CodeFormat.Int16, _ => CodeFormat.UInt16 };
        Granularity granularity = axis < 0 ? Granularity.PerTensor
            : blockSize == 0 ? Granularity.PerChannel(axis)
            : Granularity.PerBlock(axis, blockSize);
        nint[] lengths = Array.ConvertAll(Shape, length => (nint)length);
        long[] parameterShape = Array.ConvertAll(granularity.GetParameterShape(lengths), length => (long)length);
        Random random = new(axis * 100 + blockSize);
        float[] scales = Fill(parameterShape, () => 0.001f + random.NextSingle());
        int[] zeroPoints = Array.ConvertAll(scales, _ => random.Next(format.MinCode, format.MaxCode + 1));
        float[] values = Fill(Shape, () => (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-3, 6)));
        for (int i = 0; i < values.Length; i += 5)
        {
            // Ties: the quotient is a half, wherever the product is exact.
            values[i] = (random.Next(-200, 200) + 0.5f) * scales[0];
        }

        AffineQuantizer quantizer = new(format, new QuantizationParameters(scales, zeroPoints), granularity);
        byte[] codes = new byte[format.GetByteCount(values.Length)];
        quantizer.Quantize(new ReadOnlyTensorSpan<float>(values, lengths), new TensorSpan<byte>(codes));
        float[] back = new float[values.Length];
        quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(codes), new TensorSpan<float>(back, lengths));

        int element = ElementType(format);
        (string, long)[] attributes = axis < 0 ? [] : blockSize == 0 ? [("axis", axis)] : [("axis", axis), ("block_size", blockSize)];
        byte[] model = new OnnxOperatorModel()
            .Node("QuantizeLinear", ["x", "s", "z"], ["q"], attributes).Node("DequantizeLinear", ["q", "s", "z"], ["y"], attributes)
            .Input("x", OnnxOperatorModel.Float, Shape)
            .Input("s", OnnxOperatorModel.Float, parameterShape)
            .Input("z", element, parameterShape)
            .Output("q", element, Shape).Output("y", OnnxOperatorModel.Float, Shape).Build();
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(values, Shape);
        using OrtValue s = OrtValue.CreateTensorValueFromMemory(scales, parameterShape);
        using OrtValue z = ZeroPoints(format, zeroPoints, parameterShape);
        Run(model, ["x", "s", "z"], [x, s, z], ["q", "y"], outputs =>
        {
            CodeBytes(outputs[0], format).SequenceEqual(codes).Should().BeTrue();
            outputs[1].GetTensorDataAsSpan<float>().SequenceEqual(back).Should().BeTrue();
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Packed_codes_equal_the_operator(bool signed)
    {
        CodeFormat format = signed ? CodeFormat.Int4 : CodeFormat.UInt4;
        float[] values = Fill([64], () => (Random.Shared.NextSingle() - 0.5f) * 30);
        byte[] bytes = new byte[32];
        AffineQuantizer quantizer = new(format, new QuantizationParameters([0.9f]));
        quantizer.Quantize(new ReadOnlyTensorSpan<float>(values), new TensorSpan<byte>(bytes));
        RunPacked(format, values, 0.9f).Select((code, i) => code & 15).Should()
            .Equal(Enumerable.Range(0, 64).Select(i => (bytes[i / 2] >> (i % 2 * 4)) & 15));
    }

    [Fact]
    public void Dynamic_quantization_equals_the_operator()
    {
        Random random = new(5);
        byte[] model = new OnnxOperatorModel()
            .Node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])
            .Input("x", OnnxOperatorModel.Float, 1000)
            .Output("q", OnnxOperatorModel.UInt8, 1000).Output("s", OnnxOperatorModel.Float).Output("z", OnnxOperatorModel.UInt8).Build();
        using SessionOptions options = new();
        using InferenceSession session = new(model, options);
        using RunOptions run = new();
        for (int i = 0; i < 200; i++)
        {
            float spread = MathF.Pow(10, random.Next(-20, 20));
            float shift = random.NextSingle() * 2 - 0.5f;
            float[] values = Fill([1000], () => (random.NextSingle() - shift) * spread);
            byte[] codes = new byte[1000];
            float scale = QuantizationPrimitives.DynamicQuantize<byte>(values, codes, out byte zeroPoint);
            using OrtValue x = OrtValue.CreateTensorValueFromMemory(values, [1000L]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["x"], [x], ["q", "s", "z"]);
            outputs[1].GetTensorDataAsSpan<float>()[0].Should().Be(scale);
            outputs[2].GetTensorDataAsSpan<byte>()[0].Should().Be(zeroPoint);
            outputs[0].GetTensorDataAsSpan<byte>().SequenceEqual(codes).Should().BeTrue();
        }
    }

    /// <summary>
    /// The specification saturates; ONNX Runtime 1.31.1 does not in these places. Where one of them changes, the contract's list in
    /// docs/explanation/kernels.md changes with it.
    /// </summary>
    [Fact]
    public void Known_deviations_of_ONNX_Runtime()
    {
        // NaN: unspecified. Ours is the zero-point.
        RunPerTensor([float.NaN]).Should().Equal(-128);
        sbyte[] ours = new sbyte[1];
        QuantizationPrimitives.Quantize<sbyte>([float.NaN], 1, 0, ours);
        ours.Should().Equal(0);

        // An odd last 4-bit code wraps where the quotient is 2³¹ or more.
        RunPacked(CodeFormat.Int4, [3e9f, 3e9f, 3e9f], 1).Should().Equal(7, 7, -8);
        byte[] packed = new byte[2];
        new AffineQuantizer(CodeFormat.Int4, new QuantizationParameters([1f]))
            .Quantize(new ReadOnlyTensorSpan<float>([3e9f, 3e9f, 3e9f]), new TensorSpan<byte>(packed));
        packed.Should().Equal(0x77, 0x07);

        // Blocked int8 saturates +∞ as the specification says.
        RunBlocked([float.PositiveInfinity, 1]).Should().Equal(127, 1);
        sbyte[] blocked = new sbyte[2];
        new AffineQuantizer(CodeFormat.Int8, new QuantizationParameters([1f]), Granularity.PerBlock(0, 2))
            .Quantize<sbyte>([float.PositiveInfinity, 1], blocked);
        blocked.Should().Equal(127, 1);
    }

    private static sbyte[] RunPerTensor(float[] values)
    {
        byte[] model = new OnnxOperatorModel()
            .Node("QuantizeLinear", ["x", "s", "z"], ["q"])
            .Input("x", OnnxOperatorModel.Float, values.Length)
            .Input("s", OnnxOperatorModel.Float).Input("z", OnnxOperatorModel.Int8).Output("q", OnnxOperatorModel.Int8, values.Length)
            .Build();
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(values, [(long)values.Length]);
        using OrtValue s = OrtValue.CreateTensorValueFromMemory(new float[] { 1 }, []);
        using OrtValue z = OrtValue.CreateTensorValueFromMemory(new sbyte[1], []);
        sbyte[] codes = [];
        Run(model, ["x", "s", "z"], [x, s, z], ["q"], outputs => codes = outputs[0].GetTensorDataAsSpan<sbyte>().ToArray());
        return codes;
    }

    private static sbyte[] RunBlocked(float[] values)
    {
        byte[] model = new OnnxOperatorModel()
            .Node("QuantizeLinear", ["x", "s", "z"], ["q"], ("axis", 1), ("block_size", values.Length))
            .Input("x", OnnxOperatorModel.Float, 1, values.Length)
            .Input("s", OnnxOperatorModel.Float, 1, 1).Input("z", OnnxOperatorModel.Int8, 1, 1)
            .Output("q", OnnxOperatorModel.Int8, 1, values.Length).Build();
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(values, [1, (long)values.Length]);
        using OrtValue s = OrtValue.CreateTensorValueFromMemory(new float[] { 1 }, [1L, 1]);
        using OrtValue z = OrtValue.CreateTensorValueFromMemory(new sbyte[1], [1L, 1]);
        sbyte[] codes = [];
        Run(model, ["x", "s", "z"], [x, s, z], ["q"], outputs => codes = outputs[0].GetTensorDataAsSpan<sbyte>().ToArray());
        return codes;
    }

    /// <summary>
    /// 4-bit types do not cross the C# boundary, so the model casts codes to int8; the zero-point is left out, and the output type chosen
    /// by attribute.
    /// </summary>
    private static sbyte[] RunPacked(CodeFormat format, float[] values, float scale)
    {
        int element = format.IsSigned ? OnnxOperatorModel.Int4 : OnnxOperatorModel.UInt4;
        byte[] model = new OnnxOperatorModel()
            .Node("QuantizeLinear", ["x", "s"], ["q"], ("output_dtype", element))
            .Node("Cast", ["q"], ["c"], ("to", OnnxOperatorModel.Int8))
            .Input("x", OnnxOperatorModel.Float, values.Length).Input("s", OnnxOperatorModel.Float)
            .Output("c", OnnxOperatorModel.Int8, values.Length).Build();
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(values, [(long)values.Length]);
        using OrtValue s = OrtValue.CreateTensorValueFromMemory(new float[] { scale }, []);
        sbyte[] codes = [];
        Run(model, ["x", "s"], [x, s], ["c"], outputs => codes = outputs[0].GetTensorDataAsSpan<sbyte>().ToArray());
        return codes;
    }

    private static void Run(
        byte[] model, string[] inputNames, OrtValue[] inputs, string[] outputNames, Action<IReadOnlyList<OrtValue>> check)
    {
        using SessionOptions options = new() { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        using InferenceSession session = new(model, options);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, inputNames, inputs, outputNames);
        check(outputs);
    }

    private static int ElementType(CodeFormat format) => format.Type switch
    {
        CodeType.Int8 => OnnxOperatorModel.Int8,
        CodeType.UInt8 => OnnxOperatorModel.UInt8,
        CodeType.Int16 => OnnxOperatorModel.Int16,
        _ => OnnxOperatorModel.UInt16,
    };

    private static OrtValue ZeroPoints(CodeFormat format, int[] codes, long[] shape) => format.Type switch
    {
        CodeType.Int8 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(codes, code => (sbyte)code), shape),
        CodeType.UInt8 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(codes, code => (byte)code), shape),
        CodeType.Int16 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(codes, code => (short)code), shape),
        _ => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(codes, code => (ushort)code), shape),
    };

    private static ReadOnlySpan<byte> CodeBytes(OrtValue value, CodeFormat format) => format.Type switch
    {
        CodeType.Int8 => System.Runtime.InteropServices.MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<sbyte>()),
        CodeType.UInt8 => value.GetTensorDataAsSpan<byte>(),
        CodeType.Int16 => System.Runtime.InteropServices.MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<short>()),
        _ => System.Runtime.InteropServices.MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<ushort>()),
    };

    private static float[] Fill(long[] shape, Func<float> value)
    {
        float[] values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = value();
        }

        return values;
    }
}
