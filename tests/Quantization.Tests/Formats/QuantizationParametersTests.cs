using CsCheck;
using Quantization.Oracles;

namespace Quantization.Tests.Formats;

public class QuantizationParametersTests
{
    private static readonly Gen<CodeFormat> Formats =
        Gen.OneOf(new[] { CodeFormat.UInt8, CodeFormat.Int4, CodeFormat.Signed(5), CodeFormat.UInt16, CodeFormat.Int16 }
            .Select(Gen.Const).ToArray());

    [Fact]
    public void An_affine_range_is_spread_over_all_codes()
    {
        QuantizationParameters parameters = QuantizationParameters.FromRange(
            new ValueRange(-1, 3), CodeFormat.UInt8, QuantizationScheme.Affine);
        parameters.Scales[0].Should().Be(4f / 255);
        parameters.ZeroPoints[0].Should().Be(64);
    }

    /// <summary>
    /// ONNX's DynamicQuantizeLinear computes so. From the exact extent, each scale would be one unit in the last place off.
    /// </summary>
    [Theory]
    [InlineData(-0.1f, 0.3f, 0x3ACD9A67)]
    [InlineData(-0.1f, 0.5f, 0x3B1A33CE)]
    [InlineData(-0.1f, 0.9f, 0x3B808081)]
    [InlineData(-0.1f, 2.5f, 0x3C270D73)]
    public void The_extent_of_an_affine_range_is_rounded_to_float_before_it_is_divided(float min, float max, int bits)
    {
        float scale = QuantizationParameters.FromRange(new ValueRange(min, max), CodeFormat.UInt8, QuantizationScheme.Affine).Scales[0];
        BitConverter.SingleToInt32Bits(scale).Should().Be(bits);
    }

    [Fact]
    public void A_scale_is_the_exact_quotient_rounded_once() =>
        Gen.Select(Gen.Float[-1e6f, 0], Gen.Float[1e-3f, 1e6f], Formats).Sample((min, max, format) =>
        {
            ValueRange range = new(min, max);

            QuantizationParameters.FromRange(range, format, QuantizationScheme.Affine).Scales[0].Should().Be(
                ExactQuotient.Of(max - min, format.MaxCode - format.MinCode));
            if (format.IsSigned)
            {
                QuantizationParameters.FromRange(range, format, QuantizationScheme.Symmetric).Scales[0].Should().Be(
                    ExactQuotient.Of(MathF.Max(max, -min), format.MaxCode));
            }
        });

    [Fact]
    public void An_extent_beyond_the_largest_float_is_not_infinite()
    {
        ValueRange widest = new(float.MinValue, float.MaxValue);

        QuantizationParameters.FromRange(widest, CodeFormat.UInt8, QuantizationScheme.Affine).Scales[0].Should().Be(
            (float)(2.0 * float.MaxValue / 255));
        QuantizationParameters.FromRange(widest, CodeFormat.UInt8, QuantizationScheme.Affine).ZeroPoints[0].Should().Be(128);
    }

    [Fact]
    public void A_range_beside_zero_is_widened_to_contain_it()
    {
        QuantizationParameters parameters = QuantizationParameters.FromRange(
            new ValueRange(2, 3), CodeFormat.Int8, QuantizationScheme.Affine);
        parameters.Scales[0].Should().Be(3f / 255);
        parameters.ZeroPoints[0].Should().Be(-128);
    }

    [Fact]
    public void A_symmetric_scale_puts_the_larger_magnitude_on_the_largest_code()
    {
        QuantizationParameters parameters = QuantizationParameters.FromRange(
            new ValueRange(-5, 2), CodeFormat.Int8.Restricted, QuantizationScheme.Symmetric);
        parameters.Scales[0].Should().Be(5f / 127);
        parameters.IsSymmetric.Should().BeTrue();
    }

    [Fact]
    public void Symmetric_codes_without_sign_spend_no_code_on_the_negative_side()
    {
        QuantizationParameters.FromRange(new ValueRange(-5, 1), CodeFormat.UInt8, QuantizationScheme.Symmetric).Scales[0].Should()
            .Be(1f / 255);
        QuantizationParameters.FromRange(new ValueRange(-5, 0), CodeFormat.UInt8, QuantizationScheme.Symmetric).Scales[0].Should().Be(1);
    }

    [Theory]
    [InlineData(QuantizationScheme.Affine)]
    [InlineData(QuantizationScheme.Symmetric)]
    public void The_widest_range_has_a_finite_scale_in_every_format(QuantizationScheme scheme)
    {
        ValueRange widest = new(float.MinValue, float.MaxValue);
        foreach (CodeFormat format in (CodeFormat[])[CodeFormat.Int8, CodeFormat.UInt16, CodeFormat.Int4, CodeFormat.Int32,
            CodeFormat.Signed(2), new(CodeType.Int8, 0, 1)])
        {
            QuantizationParameters parameters = QuantizationParameters.FromRange(widest, format, scheme);
            float.IsFinite(parameters.Scales[0]).Should().BeTrue();
            parameters.ZeroPoints[0].Should().BeInRange(format.MinCode, format.MaxCode);
        }
    }

    [Fact]
    public void The_smallest_range_has_a_normal_scale()
    {
        QuantizationParameters.FromRange(new ValueRange(0, float.Epsilon), CodeFormat.UInt8, QuantizationScheme.Affine).Scales[0].Should()
            .Be(1.17549435E-38f);
    }

    [Fact]
    public void A_range_without_extent_has_scale_1()
    {
        QuantizationParameters parameters = QuantizationParameters.FromRange(default, CodeFormat.Int8, QuantizationScheme.Affine);
        parameters.Scales[0].Should().Be(1);
        AffineQuantizer quantizer = new(CodeFormat.Int8, parameters);
        sbyte[] codes = new sbyte[1];
        quantizer.Quantize<sbyte>([0f], codes);
        float[] values = new float[1];
        quantizer.Dequantize<sbyte>(codes, values);
        values[0].Should().Be(0);
    }

    [Fact]
    public void Symmetric_parameters_need_a_code_for_zero_and_one_above_it()
    {
        Action noPositive = () => QuantizationParameters.FromRange(
            new ValueRange(-1, 1), new CodeFormat(CodeType.Int8, -8, 0), QuantizationScheme.Symmetric);
        noPositive.Should().Throw<ArgumentException>().WithMessage("*Int8 [-8, 0]*").WithParameterName("format");
        Action noZero = () => QuantizationParameters.FromRange(
            new ValueRange(-1, 1), new CodeFormat(CodeType.UInt8, 1, 9), QuantizationScheme.Symmetric);
        noZero.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void The_lower_end_has_the_smallest_code_and_real_zero_is_exact()
    {
        Random random = new(1);
        for (int i = 0; i < 10_000; i++)
        {
            float min = -MathF.Exp(random.NextSingle() * 40 - 20);
            float max = MathF.Exp(random.NextSingle() * 40 - 20);
            AffineQuantizer quantizer = AffineQuantizer.FromRange(new ValueRange(min, max), CodeFormat.UInt8);
            byte[] codes = new byte[2];
            quantizer.Quantize<byte>([min, 0], codes);
            float[] values = new float[2];
            quantizer.Dequantize<byte>(codes, values);
            codes[0].Should().Be(0);
            values[1].Should().Be(0);
        }
    }

    [Fact]
    public void Parameters_are_equal_where_scales_and_zero_points_are()
    {
        QuantizationParameters parameters = new([0.5f, 0.25f], [0, 3]);
        foreach (QuantizationParameters other in (QuantizationParameters[])[
            new([0.5f, 0.25f]), new([0.5f, 0.25f], [3, 0]), new([0.5f, 0.25000003f], [0, 3]), new([0.25f, 0.5f], [0, 3]), new([0.5f], [0]),
            new([0.5f, 0.25f, 1], [0, 3, 0])])
        {
            parameters.Equals(other).Should().BeFalse();
            (parameters == other).Should().BeFalse();
            (parameters != other).Should().BeTrue();
        }

        QuantizationParameters same = new([0.5f, 0.25f], [0, 3]);
        parameters.Equals((object)same).Should().BeTrue();
        (parameters == same).Should().BeTrue();
        (parameters != same).Should().BeFalse();
        same.GetHashCode().Should().Be(parameters.GetHashCode());
        new QuantizationParameters([2]).Should().Be(new QuantizationParameters([2], [0]), "zero-points that are left out are 0");
        new QuantizationParameters([2]).GetHashCode().Should().Be(new QuantizationParameters([2], [0]).GetHashCode());
        (parameters == null).Should().BeFalse();
        ((QuantizationParameters?)null == null).Should().BeTrue();
    }

    [Fact]
    public void Parameters_do_not_change_with_the_arrays_they_were_made_from()
    {
        float[] scales = [0.5f, 0.25f];
        int[] zeroPoints = [1, 2];
        QuantizationParameters parameters = new(scales, zeroPoints);

        scales[0] = -1;
        zeroPoints[1] = 7;

        parameters.Should().Be(new QuantizationParameters([0.5f, 0.25f], [1, 2]));
    }
}
