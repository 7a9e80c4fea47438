using System.Numerics.Tensors;

namespace Quantization.Tests.Quantizers;

public class UniformQuantizerTests
{
    [Fact]
    public void Rounds_half_to_even_before_the_zero_point_is_added()
    {
        byte[] codes = new byte[4];
        QuantizationPrimitives.Quantize<byte>([0.5f, 1.5f, -0.5f, -1.5f], 1, 3, codes);
        codes.Should().Equal(3, 5, 3, 1);
    }

    [Fact]
    public void NaN_gets_the_zero_point_and_infinities_saturate()
    {
        sbyte[] codes = new sbyte[3];
        QuantizationPrimitives.Quantize<sbyte>([float.NaN, float.PositiveInfinity, float.NegativeInfinity], 0.1f, 5, codes);
        codes.Should().Equal(5, 127, -128);
    }

    [Fact]
    public void Weights_per_channel_get_one_scale_a_row()
    {
        float[] weights = [1, -2, 0.5f, 10, 20, -5];
        SymmetricQuantizer quantizer = SymmetricQuantizer.FromTensor(
            new ReadOnlyTensorSpan<float>(weights, [2, 3]), CodeFormat.Int8, Granularity.PerChannel(0));
        quantizer.Format.Should().Be(CodeFormat.Int8.Restricted);
        quantizer.Parameters.Scales.ToArray().Should().Equal(2f / 127, 20f / 127);
        sbyte[] codes = new sbyte[6];
        quantizer.Quantize(new ReadOnlyTensorSpan<float>(weights, [2, 3]), new TensorSpan<sbyte>(codes, [2, 3]));
        codes.Should().Equal(64, -127, 32, 64, 127, -32);
    }

    [Fact]
    public void Packed_codes_lie_two_a_byte_the_first_in_the_low_half()
    {
        AffineQuantizer quantizer = new(CodeFormat.Int4, new QuantizationParameters([1f]));
        byte[] codes = new byte[2];
        quantizer.Quantize(new ReadOnlyTensorSpan<float>([1f, -8f, 7f]), new TensorSpan<byte>(codes));
        codes.Should().Equal(0x81, 0x07);
        float[] values = new float[3];
        quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(codes), new TensorSpan<float>(values));
        values.Should().Equal(1, -8, 7);
    }

    [Fact]
    public void Codes_of_another_type_are_refused()
    {
        AffineQuantizer quantizer = AffineQuantizer.FromRange(new ValueRange(-1, 1), CodeFormat.UInt8);
        Action act = () => quantizer.Quantize<sbyte>([1f], new sbyte[1]);
        act.Should()
            .Throw<ArgumentException>().WithMessage("The codes of UInt8 [0, 255] are not stored as SByte.*").WithParameterName("quantizer");
    }

    [Fact]
    public void A_value_that_is_not_finite_has_no_range()
    {
        Action act = () => AffineQuantizer.FromTensor(new ReadOnlyTensorSpan<float>([0f, float.NaN]), CodeFormat.UInt8);
        act.Should().Throw<ArgumentException>().WithMessage("Value 1 (counted row by row) is NaN*");
    }

    [Fact]
    public void Scales_that_do_not_fit_the_shape_are_refused()
    {
        AffineQuantizer quantizer = new(CodeFormat.UInt8, new QuantizationParameters([1f, 2f]), Granularity.PerChannel(1));
        Action act = () => quantizer.Quantize(new ReadOnlyTensorSpan<float>(new float[6], [2, 3]), new TensorSpan<byte>(new byte[6]));
        act.Should().Throw<ArgumentException>()
            .WithMessage("A tensor of shape [2, 3] has 3 groups under PerChannel(axis 1), but there are 2 scales.*");
    }
}
