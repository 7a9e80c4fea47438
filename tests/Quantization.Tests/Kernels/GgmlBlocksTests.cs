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
        MemoryMarshal.AsBytes(actual.AsSpan()).CommonPrefixLength(MemoryMarshal.AsBytes(expected.AsSpan())).Should().Be(expected.Length * 4);
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
        MemoryMarshal.AsBytes(actual.AsSpan()).CommonPrefixLength(MemoryMarshal.AsBytes(expected.AsSpan())).Should().Be(expected.Length * 4);
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        Action partial = () => GgmlBlocks.QuantizeQ8(new float[33], new byte[34]);
        partial.Should().Throw<ArgumentException>().WithMessage("33 values are no whole number of blocks of 32.*").WithParameterName("source");
        Action shortOfBytes = () => GgmlBlocks.DequantizeQ4(new byte[17], new float[32]);
        shortOfBytes.Should().Throw<ArgumentException>().WithMessage("32 values take 18 bytes; there are 17.*").WithParameterName("source");
    }

    private static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Data", "ggml", name));

    private static float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Read(name)).ToArray();
}
