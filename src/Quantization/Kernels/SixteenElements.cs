namespace Quantization.Kernels;

/// <summary>Blocks of at least 16 elements.</summary>
internal readonly struct SixteenElements : IBlockLength
{
    public static int Elements => 16;
}
