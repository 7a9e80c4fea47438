using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// The block formats Q8_0 and Q4_0 of ggml (llama.cpp, GGUF files), byte for byte as its x86 kernels write them. A block is 32 values with
/// a scale in half precision before its codes; all is little-endian. NaN has no defined code in ggml; values must be finite.
/// </summary>
/// <remarks>
/// Source: ggml-quants.c, <c>quantize_row_q8_0</c> (x86, ties to even; its portable form rounds ties away from zero) and
/// <c>quantize_row_q4_0_ref</c>.
/// </remarks>
public static class GgmlBlocks
{
    /// <summary>The values of a block.</summary>
    public const int BlockLength = 32;

    /// <summary>The bytes of a block of Q8_0: a half-precision scale and 32 signed codes.</summary>
    public const int Q8Bytes = 34;

    /// <summary>
    /// The bytes of a block of Q4_0: a half-precision scale and 16 pairs of codes, value i in the low half of byte i and value i + 16 in
    /// its high half.
    /// </summary>
    public const int Q4Bytes = 18;

    /// <summary>
    /// Writes Q8_0: with <c>a</c> the largest magnitude of a block, <c>d = a / 127</c> stored in half precision and
    /// <c>code = roundHalfToEven(value · (127 / a))</c> — the inverse comes from the unrounded scale, as ggml's does.
    /// </summary>
    /// <param name="source">The values; a multiple of 32, all finite.</param>
    /// <param name="destination">Receives 34 bytes per block.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static unsafe void QuantizeQ8(ReadOnlySpan<float> source, Span<byte> destination)
    {
        ThrowUnlessFits(source.Length, destination.Length, Q8Bytes, nameof(source), nameof(destination));
        fixed (float* values = source)
        fixed (byte* bytes = destination)
        {
            GgmlKernel.QuantizeQ8(values, bytes, source.Length / BlockLength);
        }
    }

    /// <summary>Reads Q8_0: <c>value = code · d</c>.</summary>
    /// <param name="source">34 bytes per block.</param>
    /// <param name="destination">Receives 32 values per block.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static unsafe void DequantizeQ8(ReadOnlySpan<byte> source, Span<float> destination)
    {
        ThrowUnlessFits(destination.Length, source.Length, Q8Bytes, nameof(destination), nameof(source));
        fixed (byte* bytes = source)
        fixed (float* values = destination)
        {
            GgmlKernel.DequantizeQ8(bytes, values, destination.Length / BlockLength);
        }
    }

    /// <summary>
    /// Writes Q4_0: with <c>m</c> the first value of largest magnitude in a block, <c>d = m / −8</c> stored in half precision and
    /// <c>code = min(15, truncate(value · (1 / d) + 8.5))</c> — the inverse comes from the unrounded scale.
    /// </summary>
    /// <param name="source">The values; a multiple of 32, all finite.</param>
    /// <param name="destination">Receives 18 bytes per block.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static unsafe void QuantizeQ4(ReadOnlySpan<float> source, Span<byte> destination)
    {
        ThrowUnlessFits(source.Length, destination.Length, Q4Bytes, nameof(source), nameof(destination));
        fixed (float* values = source)
        fixed (byte* bytes = destination)
        {
            GgmlKernel.QuantizeQ4(values, bytes, source.Length / BlockLength);
        }
    }

    /// <summary>Reads Q4_0: <c>value = (code − 8) · d</c>.</summary>
    /// <param name="source">18 bytes per block.</param>
    /// <param name="destination">Receives 32 values per block.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static unsafe void DequantizeQ4(ReadOnlySpan<byte> source, Span<float> destination)
    {
        ThrowUnlessFits(destination.Length, source.Length, Q4Bytes, nameof(destination), nameof(source));
        fixed (byte* bytes = source)
        fixed (float* values = destination)
        {
            GgmlKernel.DequantizeQ4(bytes, values, destination.Length / BlockLength);
        }
    }

    private static void ThrowUnlessFits(int values, int bytes, int blockBytes, string valuesName, string bytesName)
    {
        if (values % BlockLength != 0)
        {
            throw new ArgumentException($"{values} values are no whole number of blocks of {BlockLength}.", valuesName);
        }

        if (bytes != values / BlockLength * blockBytes)
        {
            throw new ArgumentException($"{values} values take {values / BlockLength * blockBytes} bytes; there are {bytes}.", bytesName);
        }
    }
}
