namespace Quantization.Kernels.Simd;

/// <summary>Ordinary stores; right wherever the destination fits a cache or will be read soon.</summary>
internal readonly struct CachedStores : IStores
{
    public static bool AreNonTemporal => false;
}
