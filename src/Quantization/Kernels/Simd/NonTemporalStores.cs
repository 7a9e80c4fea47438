namespace Quantization.Kernels.Simd;

/// <summary>
/// Stores past the caches: they save reading the destination before it is overwritten, and are several times slower where it is in a cache.
/// </summary>
internal readonly struct NonTemporalStores : IStores
{
    public static bool AreNonTemporal => true;
}
