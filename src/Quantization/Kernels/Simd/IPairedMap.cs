namespace Quantization.Kernels.Simd;

/// <summary>A mapping that can take steps of two stretches at once: the parameters of both are loaded once.</summary>
internal unsafe interface IPairedMap<TSource, TDestination> : IMap<TSource, TDestination>
    where TSource : unmanaged
    where TDestination : unmanaged
{
    /// <summary>
    /// Maps a step of each stretch, whose elements take the same parameters; all of them are read before the first is written.
    /// </summary>
    /// <param name="source">The first element of the one step.</param>
    /// <param name="secondSource">The first element of the other step.</param>
    /// <param name="destination">Where the first element of the one step is written.</param>
    /// <param name="secondDestination">Where the first element of the other step is written.</param>
    /// <param name="index">The number of both elements.</param>
    void InvokePair<TStores>(TSource* source, TSource* secondSource, TDestination* destination, TDestination* secondDestination, nint index)
        where TStores : struct, IStores;
}
