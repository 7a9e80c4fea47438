namespace Quantization.Kernels.Simd;

/// <summary>Whether stores go through the caches. A type rather than a flag, so that the loops are compiled for each.</summary>
internal interface IStores
{
    static abstract bool AreNonTemporal { get; }
}
