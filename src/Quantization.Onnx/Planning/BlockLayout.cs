namespace Quantization.Onnx;

/// <summary>How weights in blocks are written. Immutable and compared by value.</summary>
/// <param name="Size">The weights of one output channel that share a scale, counted along the inputs: 16, 32, 64, 128 or 256.</param>
/// <param name="Form">The operators.</param>
/// <param name="AccuracyLevel">
/// What MatMulNBits may round its input to: 4 is int8 in blocks, the fast one; 0 and 1 keep 32-bit floats, 2 allows float16, 3 bfloat16.
/// Tables and <see cref="BlockForm.DequantizeLinear"/> do without it.
/// </param>
public sealed record BlockLayout(int Size, BlockForm Form = BlockForm.MatMulNBits, int AccuracyLevel = BlockLayout.UsualAccuracyLevel)
{
    /// <summary>The fastest accuracy level.</summary>
    public const int UsualAccuracyLevel = 4;

    /// <summary>The block sizes that ONNX Runtime takes.</summary>
    internal static readonly int[] Sizes = [16, 32, 64, 128, 256];

    /// <summary>Whether ONNX Runtime takes blocks of a size.</summary>
    internal static bool IsSize(int size) => Array.IndexOf(Sizes, size) >= 0;
}
