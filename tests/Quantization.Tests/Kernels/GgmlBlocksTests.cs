using System.Runtime.InteropServices;

namespace Quantization.Tests.Kernels;

/// <summary>Byte for byte what ggml wrote and read; see Data/ggml/README.md.</summary>
public class GgmlBlocksTests
{
    [Fact]
    public void Q8_0_is_what_ggml_writes()
    {
        byte[] expected = Read("q8_0.bin");
        byte[] actual = new byte[expected.Length];
        GgmlBlocks.QuantizeQ8(Floats("input.f32"), actual);
        actual.AsSpan().CommonPrefixLength(expected).Should().Be(expected.Length);
    }

    [Fact]
    public void Q8_0_reads_back_as_ggml_does()
    {
        float[] expected = Floats("q8_0.dequantized.f32");
        float[] actual = new float[expected.Length];
        GgmlBlocks.DequantizeQ8(Read("q8_0.bin"), actual);
        MemoryMarshal.AsBytes(actual.AsSpan()).CommonPrefixLength(MemoryMarshal.AsBytes(expected.AsSpan())).Should()
            .Be(expected.Length * 4);
    }

    [Fact]
    public void Q4_0_is_what_ggml_writes()
    {
        byte[] expected = Read("q4_0.bin");
        byte[] actual = new byte[expected.Length];
        GgmlBlocks.QuantizeQ4(Floats("input.f32"), actual);
        actual.AsSpan().CommonPrefixLength(expected).Should().Be(expected.Length);
    }

    [Fact]
    public void Q4_0_reads_back_as_ggml_does()
    {
        float[] expected = Floats("q4_0.dequantized.f32");
        float[] actual = new float[expected.Length];
        GgmlBlocks.DequantizeQ4(Read("q4_0.bin"), actual);
        MemoryMarshal.AsBytes(actual.AsSpan()).CommonPrefixLength(MemoryMarshal.AsBytes(expected.AsSpan())).Should()
            .Be(expected.Length * 4);
    }

    [Theory]
    [InlineData(-149)]
    [InlineData(-130)]
    [InlineData(-40)]
    [InlineData(-14)]
    [InlineData(0)]
    [InlineData(14)]
    [InlineData(100)]
    public void Blocks_of_any_magnitude_equal_the_definition_value_by_value(int exponent)
    {
        Random random = new(exponent);
        float[] values = new float[200 * GgmlBlocks.BlockLength];
        for (int i = 0; i < values.Length; i++)
        {
            // Every third block has equal magnitudes of both signs, ties and zeros.
            double value = i / 32 % 3 == 0 ? (random.Next(17) - 8) / 2.0 : random.NextDouble() * 2 - 1;
            values[i] = (float)Math.ScaleB(value, exponent);
        }

        byte[] eight = new byte[200 * GgmlBlocks.Q8Bytes];
        byte[] four = new byte[200 * GgmlBlocks.Q4Bytes];
        GgmlBlocks.QuantizeQ8(values, eight);
        GgmlBlocks.QuantizeQ4(values, four);
        for (int block = 0; block < 200; block++)
        {
            float[] some = values[(block * 32)..(block * 32 + 32)];
            eight[(block * 34)..(block * 34 + 34)].Should().Equal(Q8Definition(some), "of Q8_0's block {0}", block);
            four[(block * 18)..(block * 18 + 18)].Should().Equal(Q4Definition(some), "of Q4_0's block {0}", block);
        }
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        Action partial = () => GgmlBlocks.QuantizeQ8(new float[33], new byte[34]);
        partial.Should()
            .Throw<ArgumentException>().WithMessage("33 values are no whole number of blocks of 32.*").WithParameterName("source");
        Action shortOfBytes = () => GgmlBlocks.DequantizeQ4(new byte[17], new float[32]);
        shortOfBytes.Should().Throw<ArgumentException>().WithMessage("32 values take 18 bytes; there are 17.*").WithParameterName("source");
    }

    private static byte[] Q8Definition(float[] values)
    {
        float magnitude = values.Max(MathF.Abs);
        float inverse = magnitude == 0 ? 0 : 127 / magnitude;
        return
        [
            .. BitConverter.GetBytes((Half)(magnitude / 127)),
            .. values.Select(value => (byte)(sbyte)MathF.Round(value * inverse, MidpointRounding.ToEven))
        ];
    }

    private static byte[] Q4Definition(float[] values)
    {
        float extreme = values.MaxBy(MathF.Abs);
        float scale = extreme / -8;
        float inverse = scale == 0 ? 0 : 1 / scale;
        int[] codes = [.. values.Select(value => Math.Clamp((int)(value * inverse + 8.5f), 0, 15))];
        return [.. BitConverter.GetBytes((Half)scale), .. Enumerable.Range(0, 16).Select(i => (byte)(codes[i] | (codes[i + 16] << 4)))];
    }

    private static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Data", "ggml", name));

    private static float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Read(name)).ToArray();
}
