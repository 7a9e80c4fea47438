namespace Quantization.Kernels;

/// <summary>Blocks of at least 32 elements.</summary>
internal readonly struct ThirtyTwoElements : IBlockLength
{
    public static int Elements => 32;
}
