using System.Numerics.Tensors;
using Quantization.Oracles;

namespace Quantization.Tests.Quantizers;

/// <summary>What quantizers do with memory that is no array.</summary>
public sealed class SpanTests
{
    [Fact]
    public void Quantizers_are_made_of_values_on_the_stack()
    {
        Span<float> values = [-1, 0.5f, 3, -2];

        AffineQuantizer affine = AffineQuantizer.FromValues(values, CodeFormat.UInt8);
        affine.Parameters.Should().Be(new QuantizationParameters([5f / 255], [102]));
        SymmetricQuantizer symmetric = SymmetricQuantizer.FromValues(values, CodeFormat.Int8);
        symmetric.Parameters.Should().Be(new QuantizationParameters([3f / 127]));
        symmetric.Format.Should().Be(CodeFormat.Int8.Restricted);
        CodebookQuantizer.FromValues(values, Codebook.NormalFloat4, CodeFormat.UInt4).Parameters.Should().Be(
            new QuantizationParameters([3]));

        SymmetricQuantizer.FromValues(values, CodeFormat.Int8, Granularity.PerBlock(0, 2)).Parameters.Should().Be(
            new QuantizationParameters([1f / 127, 3f / 127]));
        AffineQuantizer.FromValues(values, CodeFormat.UInt8, calibrator: new Fixed()).Parameters.Should().Be(
            new QuantizationParameters([4f / 255], [64]));
        CodebookQuantizer.FromValues(values, Codebook.Sign, CodeFormat.UInt1, Granularity.PerBlock(0, 2), fullScale: 2)
            .Parameters.Should().Be(new QuantizationParameters([0.5f, 1.5f]));
    }

    [Fact]
    public void Packed_codes_are_written_to_and_read_from_bytes()
    {
        SymmetricQuantizer quantizer = new(CodeFormat.Int4, new QuantizationParameters([0.5f]));
        Span<byte> codes = stackalloc byte[3];
        Span<float> values = stackalloc float[5];

        quantizer.Quantize<byte>([0.5f, -0.5f, 3.5f, -4, 1], codes);
        quantizer.Dequantize<byte>(codes, values);

        codes.ToArray().Should().Equal(0xF1, 0x87, 0x02);
        values.ToArray().Should().Equal(0.5f, -0.5f, 3.5f, -4, 1);

        CodebookQuantizer signs = new(Codebook.Sign, CodeFormat.UInt1, new QuantizationParameters([1]));
        signs.Quantize<byte>([1, -1, 0, -2, 5, -1, -1, -1, 3], codes[..2]);
        codes[..2].ToArray().Should().Equal(0b00010101, 1);

        quantizer.Quantize([(Half)0.5f, (Half)(-0.5f), (Half)1], codes[..2]);
        codes[..2].ToArray().Should().Equal(0xF1, 0x02);
    }

    [Fact]
    public void Packed_codes_of_another_length_or_type_are_refused()
    {
        SymmetricQuantizer quantizer = new(CodeFormat.Int4, new QuantizationParameters([0.5f]));

        FluentActions.Invoking(() => quantizer.Quantize(new float[5], new byte[5].AsSpan())).Should().Throw<ArgumentException>()
            .WithMessage("5 codes of Int4 [-8, 7] take 3 bytes; there are 5.*");
        FluentActions.Invoking(() => quantizer.Quantize(new float[5], new sbyte[5].AsSpan())).Should().Throw<ArgumentException>()
            .WithMessage("The codes of Int4 [-8, 7] are packed 2 per byte; pass a span or tensor of bytes.*")
            .WithParameterName("quantizer");
        FluentActions.Invoking(
            () => quantizer.Quantize(new ReadOnlyTensorSpan<float>(new float[2]), new TensorSpan<byte>(new byte[2]).Reshape([2])))
            .Should().Throw<ArgumentException>();
        FluentActions.Invoking(
            () => new SymmetricQuantizer(CodeFormat.Int8, new QuantizationParameters([1])).Quantize(new float[1], new byte[1].AsSpan()))
            .Should().Throw<ArgumentException>()
            .WithMessage("The codes of Int8 [-128, 127] are not stored as Byte.*");
    }

    [Fact]
    public void Dynamic_quantization_takes_the_range_of_a_span()
    {
        Random random = new(1);
        float[] memory = [.. Enumerable.Range(0, 300).Select(_ => random.NextSingle() * 20 - 8)];
        ReadOnlySpan<float> values = memory.AsSpan(7, 201);
        float min = values.ToArray().Min(), max = values.ToArray().Max();
        Span<sbyte> codes = stackalloc sbyte[201];
        Span<byte> packed = stackalloc byte[101];

        SymmetricQuantizer symmetric = SymmetricQuantizer.DynamicQuantize(values, codes, CodeFormat.Int8);
        AffineQuantizer affine = AffineQuantizer.DynamicQuantize(values, packed, CodeFormat.UInt4);

        float scale = MathF.Max(max, -min) / 127;
        float step = (max - min) / 15;
        int zeroPoint = (int)-MathF.Round(min / step, MidpointRounding.ToEven);
        symmetric.Parameters.Should().Be(new QuantizationParameters([scale]));
        affine.Parameters.Should().Be(new QuantizationParameters([step], [zeroPoint]));
        for (int i = 0; i < values.Length; i++)
        {
            codes[i].Should().Be((sbyte)ExactQuotient.Code(values[i], scale, 0, -127, 127));
            ((packed[i / 2] >> (i % 2 * 4)) & 15).Should().Be(ExactQuotient.Code(values[i], step, zeroPoint, 0, 15));
        }
    }

    [Fact]
    public void Dynamic_quantization_that_fails_writes_nothing()
    {
        sbyte[] codes = [9, 9];

        FluentActions.Invoking(() => SymmetricQuantizer.DynamicQuantize([1f, float.NaN], codes.AsSpan(), CodeFormat.Int8))
            .Should().Throw<ArgumentException>().WithMessage("Value 1 *is NaN*");
        FluentActions.Invoking(() => AffineQuantizer.DynamicQuantize([1f, 2, 3], codes.AsSpan(), CodeFormat.Int8))
            .Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => AffineQuantizer.DynamicQuantize([1f, 2], codes.AsSpan(), CodeFormat.UInt8))
            .Should().Throw<ArgumentException>();

        codes.Should().Equal(9, 9);
    }

    [Fact]
    public void Gradients_of_spans_are_those_of_tensors()
    {
        SymmetricQuantizer quantizer = new(CodeFormat.Int8.Restricted, new QuantizationParameters([0.5f]));
        Span<float> values = [0.5f, 0.7f, 63.5f, 64, -70, float.NaN];
        Span<float> gradients = [1, 2, 3, 4, 5, 6];
        Span<float> results = stackalloc float[6];
        Span<double> scale = stackalloc double[1];

        FakeQuantizeGradient.StraightThrough(quantizer, values, gradients, results);
        results.ToArray().Should().Equal(1, 2, 3, 0, 0, 0);

        results.Clear();
        FakeQuantizeGradient.LearnedScale(quantizer, values, gradients, results, scale);
        results.ToArray().Should().Equal(1, 2, 3, 0, 0, 0);
        scale[0].Should().BeApproximately(2 * (1 - 1.4) + 4 * 127 + 5 * -127, 1e-5);
    }

    /// <summary>Takes [−1, 3] whatever it sees.</summary>
    private sealed class Fixed : ICalibrator
    {
        public string Name => "Fixed";

        public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme) =>
            new(Name, new ValueRange(-1, 3), 1, 0, 0, null);
    }
}
