using System.Buffers.Binary;

namespace Quantization.Onnx;

/// <summary>
/// A matrix of weights as codes in blocks. Codes lie as MatMulNBits takes them: output by output, block by block, the first code in the
/// lowest bits.
/// </summary>
/// <param name="shape">The matrix.</param>
/// <param name="hasZeroPoints">Whether each block has a zero point of its own.</param>
internal sealed class QuantizedBlocks(BlockShape shape, bool hasZeroPoints)
{
    /// <summary>The matrix.</summary>
    public BlockShape Shape => shape;

    /// <summary>The packed codes.</summary>
    public byte[] Codes { get; } = new byte[(long)shape.Outputs * shape.Blocks * shape.BlobBytes];

    /// <summary>The scale of each block, output by output.</summary>
    public float[] Scales { get; } = new float[(long)shape.Outputs * shape.Blocks];

    /// <summary>The zero point of each block in a byte of its own; null where all have the middle.</summary>
    public byte[]? ZeroPoints { get; } = hasZeroPoints ? new byte[(long)shape.Outputs * shape.Blocks] : null;

    /// <summary>The zero point of a block.</summary>
    public int ZeroPointOf(int block) => ZeroPoints is null ? 1 << (shape.Bits - 1) : ZeroPoints[block];

    /// <summary>What rounding added to the weights, or to the outputs.</summary>
    public RoundingError Error { get; set; }

    /// <summary>What a code stands for.</summary>
    /// <param name="output">The output.</param>
    /// <param name="input">The input.</param>
    public float ValueAt(int output, int input)
    {
        int block = output * shape.Blocks + input / shape.Size;
        return (CodeAt(output, input) - ZeroPointOf(block)) * Scales[block];
    }

    /// <summary>A code.</summary>
    /// <param name="output">The output.</param>
    /// <param name="input">The input.</param>
    public int CodeAt(int output, int input)
    {
        long bit = ((long)output * shape.Blocks * shape.Size + input) * shape.Bits;
        return (Codes[bit / 8] >> (int)(bit % 8)) & shape.LargestCode;
    }

    /// <summary>Stores a code. Its bits must be 0 before.</summary>
    /// <param name="output">The output.</param>
    /// <param name="input">The input.</param>
    /// <param name="code">The code.</param>
    public void SetCode(int output, int input, int code)
    {
        long bit = ((long)output * shape.Blocks * shape.Size + input) * shape.Bits;
        Codes[bit / 8] |= (byte)(code << (int)(bit % 8));
    }

    /// <summary>Stores the codes of a block.</summary>
    /// <param name="output">The output.</param>
    /// <param name="block">The block.</param>
    /// <param name="words">The codes of 32 bits each, the first in the lowest bits.</param>
    /// <param name="stride">How far words are apart.</param>
    public void SetBlock(int output, int block, ReadOnlySpan<uint> words, int stride)
    {
        Span<byte> blob = Codes.AsSpan((int)(((long)output * shape.Blocks + block) * shape.BlobBytes), shape.BlobBytes);
        for (int i = 0; i < words.Length; i += stride)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(blob, words[i]);
            blob = blob[sizeof(uint)..];
        }
    }

    /// <summary>The weights that the codes stand for, a row for each output.</summary>
    public float[] Dequantize()
    {
        float[] values = new float[(long)shape.Outputs * shape.Inputs];
        for (int output = 0; output < shape.Outputs; output++)
        {
            for (int input = 0; input < shape.Inputs; input++)
            {
                values[(long)output * shape.Inputs + input] = ValueAt(output, input);
            }
        }

        return values;
    }
}
