using System.Numerics.Tensors;

namespace Quantization.Tests.Quantizers;

public class DynamicQuantizationTests
{
    private static readonly nint[] Shape = [3, 4, 7];

    public static TheoryData<Granularity> Granularities =>
    [default(Granularity), Granularity.PerChannel(0), Granularity.PerChannel(1), Granularity.PerChannel(2), Granularity.PerBlock(1, 3),
        Granularity.PerBlock(2, 4)];

    [Theory]
    [MemberData(nameof(Granularities))]
    public void Each_group_is_quantized_with_its_own_range(Granularity granularity)
    {
        float[] values = Values();
        byte[] codes = new byte[values.Length];
        AffineQuantizer quantizer = AffineQuantizer.DynamicQuantize(
            Tensor(values), new TensorSpan<byte>(codes), CodeFormat.UInt8, granularity);
        List<int>[] groups = Groups(granularity);
        quantizer.Parameters.Count.Should().Be(groups.Length);
        for (int g = 0; g < groups.Length; g++)
        {
            // A group alone, per-tensor, is what ONNX DynamicQuantizeLinear is defined for.
            float[] alone = groups[g].Select(i => values[i]).ToArray();
            byte[] expected = new byte[alone.Length];
            quantizer.Parameters.Scales[g].Should().Be(QuantizationPrimitives.DynamicQuantize<byte>(alone, expected, out byte zeroPoint));
            quantizer.Parameters.ZeroPoints[g].Should().Be(zeroPoint);
            groups[g].Select(i => codes[i]).Should().Equal(expected);
        }
    }

    [Theory]
    [MemberData(nameof(Granularities))]
    public void A_calibrator_sees_each_group_alone(Granularity granularity)
    {
        float[] values = Values();
        MseCalibrator calibrator = new();
        List<int>[] groups = Groups(granularity);
        CodeFormat format = CodeFormat.Signed(4);
        AffineQuantizer affine = AffineQuantizer.FromTensor(Tensor(values), format, granularity, calibrator);
        SymmetricQuantizer symmetric = SymmetricQuantizer.FromTensor(Tensor(values), format, granularity, calibrator);
        for (int g = 0; g < groups.Length; g++)
        {
            TensorStatistics statistics = new(granularity.Kind == GranularityKind.PerTensor ? 4096 : 1024);
            statistics.Observe(groups[g].Select(i => values[i]).ToArray());
            ValueRange range = calibrator.Calibrate(statistics, format, QuantizationScheme.Affine).Range;
            affine.Parameters.Scales[g].Should().Be(AffineQuantizer.FromRange(range, format).Parameters.Scales[0]);
            affine.Parameters.ZeroPoints[g].Should().Be(AffineQuantizer.FromRange(range, format).Parameters.ZeroPoints[0]);
            range = calibrator.Calibrate(statistics, format.Restricted, QuantizationScheme.Symmetric).Range;
            symmetric.Parameters.Scales[g].Should().Be(SymmetricQuantizer.FromRange(range, format).Parameters.Scales[0]);
        }
    }

    [Fact]
    public void Symmetric_rows_are_scaled_by_their_largest_magnitude()
    {
        byte[] codes = new byte[4];
        SymmetricQuantizer quantizer = SymmetricQuantizer.DynamicQuantize(
            new ReadOnlyTensorSpan<float>([1f, -2f, 0f, 40f], [2, 2]),
            new TensorSpan<byte>(codes),
            CodeFormat.Int8,
            Granularity.PerChannel(0));
        quantizer.Parameters.Scales.ToArray().Should().Equal(2f / 127, 40f / 127);
        codes.Select(code => (sbyte)code).Should().Equal(64, -127, 0, 127);
    }

    [Fact]
    public void Nothing_is_written_where_a_value_is_not_finite()
    {
        byte[] codes = [9, 9];
        Action act = () => AffineQuantizer.DynamicQuantize(
            new ReadOnlyTensorSpan<float>([1f, float.NaN]), new TensorSpan<byte>(codes), CodeFormat.UInt8);
        act.Should().Throw<ArgumentException>().WithMessage("Value 1 (counted row by row) is NaN*");
        act = () => AffineQuantizer.FromTensor(
            new ReadOnlyTensorSpan<float>([1f, float.NaN]), CodeFormat.UInt8, default, new MseCalibrator());
        act.Should().Throw<ArgumentException>().WithMessage("Value 1 (counted row by row) is NaN*");
        codes.Should().Equal(9, 9);
    }

    [Theory]
    [MemberData(nameof(Granularities))]
    public void Half_values_have_the_codes_of_their_floats(Granularity granularity)
    {
        Half[] halves = Array.ConvertAll(Values(), value => (Half)value);
        float[] values = Array.ConvertAll(halves, value => (float)value);
        foreach (CodeFormat format in (CodeFormat[])[CodeFormat.Int8, CodeFormat.UInt16, CodeFormat.Int4])
        {
            byte[] expected = new byte[format.GetByteCount(values.Length)];
            byte[] codes = new byte[expected.Length];
            AffineQuantizer quantizer = AffineQuantizer.DynamicQuantize(
                Tensor(values), new TensorSpan<byte>(expected), format, granularity);
            quantizer.Quantize(new ReadOnlyTensorSpan<Half>(halves, Shape), new TensorSpan<byte>(codes));
            codes.Should().Equal(expected);
        }
    }

    [Fact]
    public void A_vector_of_halves_is_quantized_into_typed_codes()
    {
        sbyte[] codes = new sbyte[3];
        new AffineQuantizer(CodeFormat.Int8, new QuantizationParameters([0.5f], [1]))
            .Quantize((ReadOnlySpan<Half>)[(Half)1, Half.NaN, (Half)(-60000)], codes.AsSpan());
        codes.Should().Equal(3, 1, -128);
    }

    private static float[] Values()
    {
        Random random = new(7);
        float[] values = new float[84];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (random.NextSingle() - 0.3f) * (1 + i % 13);
        }

        return values;
    }

    private static ReadOnlyTensorSpan<float> Tensor(float[] values) => new(values, Shape);

    /// <summary>The elements of each group, from their coordinates.</summary>
    private static List<int>[] Groups(Granularity granularity)
    {
        nint[] shape = granularity.GetParameterShape(Shape);
        List<int>[] groups = new List<int>[shape.Aggregate((nint)1, (product, length) => product * length)];
        for (int i = 0; i < 84; i++)
        {
            int[] at = [i / 28, i / 7 % 4, i % 7];
            if (granularity.Kind == GranularityKind.PerBlock)
            {
                at[granularity.Axis] /= granularity.BlockSize;
            }

            nint group = granularity.Kind switch
            {
                GranularityKind.PerTensor => 0,
                GranularityKind.PerChannel => at[granularity.Axis],
                _ => (at[0] * shape[1] + at[1]) * shape[2] + at[2],
            };
            (groups[group] ??= []).Add(i);
        }

        return groups;
    }
}
