namespace Quantization.Kernels;

/// <summary>A length of blocks. A type rather than a number, so that the loops are compiled for each.</summary>
internal interface IBlockLength
{
    /// <summary>A power of two.</summary>
    static abstract int Elements { get; }
}
