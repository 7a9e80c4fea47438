namespace Quantization.Onnx;

/// <summary>A matrix of weights in blocks along its inputs.</summary>
/// <param name="Inputs">The weights of each output.</param>
/// <param name="Outputs">The outputs.</param>
/// <param name="Size">The weights of a block; the last block of an output may have fewer.</param>
/// <param name="Bits">The bits that a code takes: 2, 4 or 8.</param>
internal readonly record struct BlockShape(int Inputs, int Outputs, int Size, int Bits)
{
    /// <summary>The blocks of each output.</summary>
    public int Blocks => (Inputs + Size - 1) / Size;

    /// <summary>The bytes that the codes of one block take.</summary>
    public int BlobBytes => Size * Bits / 8;

    /// <summary>The codes in 32 bits.</summary>
    public int CodesPerWord => 32 / Bits;

    /// <summary>The largest code that can be stored.</summary>
    public int LargestCode => (1 << Bits) - 1;
}
