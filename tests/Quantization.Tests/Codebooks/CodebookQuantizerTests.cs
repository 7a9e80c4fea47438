using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Quantization.Tests.Codebooks;

public class CodebookQuantizerTests
{
    private static readonly Codebook ThreeCells = new([0, 1], [-0.5f, 0.5f, 1.5f]);

    [Fact]
    public void A_value_on_a_threshold_belongs_to_the_upper_cell()
    {
        byte[] codes = new byte[9];
        new CodebookQuantizer(ThreeCells).Quantize<byte>(
            [float.NegativeInfinity, -1, -float.Epsilon, -0f, 0, MathF.BitDecrement(1), 1, 2, float.PositiveInfinity], codes);
        codes.Should().Equal(0, 0, 0, 1, 1, 1, 2, 2, 2);
    }

    [Fact]
    public void NaN_gets_the_code_of_zero()
    {
        byte[] codes = new byte[1];
        new CodebookQuantizer(ThreeCells).Quantize<byte>([float.NaN], codes);
        codes.Should().Equal(1);
    }

    [Fact]
    public void Codes_are_read_back_as_their_levels()
    {
        float[] values = new float[3];
        new CodebookQuantizer(ThreeCells).Dequantize<byte>([2, 0, 1], values);
        values.Should().Equal(1.5f, -0.5f, 0.5f);
    }

    [Fact]
    public void A_code_without_level_is_an_error_and_nothing_is_written()
    {
        float[] values = [7, 7];
        Action act = () => new CodebookQuantizer(ThreeCells).Dequantize<byte>([0, 3], values);
        act.Should().Throw<ArgumentException>().WithMessage("Code 1 is 3*0 … 2*");
        values.Should().Equal(7, 7);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(5001)]
    [InlineData(6143)]
    public void A_code_without_level_is_found_wherever_it_lies(int place)
    {
        const int Length = 6144;
        byte[] codes = new byte[Length], packed = new byte[Length / 2];
        codes[place] = 3;
        packed[place / 2] = (byte)(place % 2 == 0 ? 3 : 3 << 4);
        float[] values = new float[Length];

        Action plain = () => new CodebookQuantizer(ThreeCells).Dequantize<byte>(codes, values);
        Action inPairs = () => new CodebookQuantizer(ThreeCells, CodeFormat.UInt4, new QuantizationParameters([1]))
            .Dequantize(new ReadOnlyTensorSpan<byte>(packed), new TensorSpan<float>(values));

        plain.Should().Throw<ArgumentException>().WithMessage($"Code {place} is 3*0 … 2*");
        inPairs.Should().Throw<ArgumentException>().WithMessage($"Code {place} is 3*0 … 2*");
        codes[place] = 2;
        packed[place / 2] = (byte)(place % 2 == 0 ? 2 : 2 << 4);
        plain.Should().NotThrow();
        inPairs.Should().NotThrow();
        values.Should().OnlyContain(value => value == -0.5f || value == 1.5f).And.ContainSingle(value => value == 1.5f);
    }

    [Fact]
    public void Codes_that_lie_among_the_values_are_refused()
    {
        float[] values = new float[64];
        Action act = () => new CodebookQuantizer(ThreeCells).Dequantize(
            new ReadOnlyTensorSpan<byte>(MemoryMarshal.AsBytes(values.AsSpan()).Slice(100, 64)), new TensorSpan<float>(values));

        act.Should().Throw<ArgumentException>().WithParameterName("destination");
    }

    [Fact]
    public void NormalFloat4_packs_two_codes_a_byte_and_scales_each_block()
    {
        float[] values = [-2, 0, 2, 1, 0, 0, 30, -60];
        CodebookQuantizer quantizer = CodebookQuantizer.FromTensor(
            new ReadOnlyTensorSpan<float>(values), Codebook.NormalFloat4, CodeFormat.UInt4, Granularity.PerBlock(0, 4));
        quantizer.Parameters.Scales.ToArray().Should().Equal(2, 60);
        byte[] codes = new byte[4];
        quantizer.Quantize(new ReadOnlyTensorSpan<float>(values), new TensorSpan<byte>(codes));
        codes.Should().Equal(0x70, 0xCF, 0x77, 0x0C);
        float[] back = new float[8];
        quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(codes), new TensorSpan<float>(back));
        back.Should().Equal(-2, 0, 2, 0.44070983f * 2, 0, 0, 0.44070983f * 60, -60);
        float[] fake = new float[8];
        quantizer.FakeQuantize(values, fake);
        fake.Should().Equal(back);
    }

    [Fact]
    public void Thresholds_that_do_not_rise_are_refused()
    {
        Action act = () => _ = new Codebook([1, 1], [0, 1, 2]);
        act.Should().Throw<ArgumentException>().WithMessage("Threshold 1 is 1*").WithParameterName("thresholds");
    }

    [Fact]
    public void Levels_must_be_one_more_than_thresholds()
    {
        Action act = () => _ = new Codebook([1, 2], [0, 1]);
        act.Should().Throw<ArgumentException>().WithParameterName("levels");
    }

    [Fact]
    public void Uniform_quantizers_refuse_the_formats_of_codebooks()
    {
        FluentActions.Invoking(() => new AffineQuantizer(CodeFormat.UInt1, new QuantizationParameters([1f]))).Should()
            .Throw<ArgumentException>().WithMessage("UInt1 [0, 1] stores*UInt8 [0, 3]*");
        FluentActions.Invoking(() => new SymmetricQuantizer(CodeFormat.UInt2, new QuantizationParameters([1f]))).Should()
            .Throw<ArgumentException>().WithParameterName("format");
    }

    [Fact]
    public void Packed_formats_count_their_bytes()
    {
        (CodeFormat.UInt1.GetByteCount(0), CodeFormat.UInt1.GetByteCount(8), CodeFormat.UInt1.GetByteCount(9)).Should().Be((0, 1, 2));
        (CodeFormat.UInt2.GetByteCount(4), CodeFormat.UInt2.GetByteCount(5)).Should().Be((1, 2));
        (CodeFormat.UInt1.StorageBits, CodeFormat.UInt2.StorageBits, CodeFormat.UInt2.Levels).Should().Be((1, 2, 4));
    }

    [Fact]
    public void A_format_without_room_for_the_codes_is_refused()
    {
        FluentActions.Invoking(() => new CodebookQuantizer(Codebook.NormalFloat4, CodeFormat.UInt2, new QuantizationParameters([1f])))
            .Should().Throw<ArgumentException>().WithMessage("The codebook's codes are 0 … 15*UInt4*").WithParameterName("format");
        FluentActions.Invoking(() => new CodebookQuantizer(Codebook.Sign, CodeFormat.Int8, new QuantizationParameters([1f]))).Should()
            .Throw<ArgumentException>().WithParameterName("format");
    }

    [Fact]
    public void A_range_is_stretched_over_the_largest_level_or_the_full_scale_given()
    {
        CalibrationResult calibrated = Calibrate([-3, 1, 2, 0.5f]);
        Codebook book = Codebook.UniformMidRise(4, 1);
        CodebookQuantizer.FromRanges([calibrated.Range], book, CodeFormat.UInt2).Parameters.Scales.ToArray().Should().Equal(2);
        CodebookQuantizer.FromRanges([calibrated.Range], book, CodeFormat.UInt2, fullScale: 2).Parameters.Scales.ToArray().Should()
            .Equal(1.5f);
        CodebookQuantizer.FromTensor(
            new ReadOnlyTensorSpan<float>([4f, -8f, 0, 0], [2, 2]), book, CodeFormat.UInt2, Granularity.PerChannel(0), 2)
            .Parameters.Scales.ToArray().Should().Equal(4, 1);
        FluentActions.Invoking(() => CodebookQuantizer.FromRanges([calibrated.Range], book, CodeFormat.UInt2, fullScale: 0)).Should()
            .Throw<ArgumentOutOfRangeException>().WithParameterName("fullScale");
        FluentActions.Invoking(() => CodebookQuantizer.FromRanges([calibrated.Range], new Codebook([0], [0, 0]), CodeFormat.UInt1)).Should()
            .Throw<ArgumentException>().WithParameterName("codebook");
    }

    private static CalibrationResult Calibrate(float[] values)
    {
        TensorStatistics statistics = new();
        statistics.Observe(values);
        return new MaxCalibrator().Calibrate(statistics, CodeFormat.Int4, QuantizationScheme.Symmetric);
    }
}
