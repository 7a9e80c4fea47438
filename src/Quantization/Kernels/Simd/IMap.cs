namespace Quantization.Kernels.Simd;

/// <summary>
/// A mapping of elements to elements, written for the lanes of four vectors at a time. The state is what stays in registers over a whole
/// run.
/// </summary>
internal unsafe interface IMap<TSource, TDestination>
    where TSource : unmanaged
    where TDestination : unmanaged
{
    /// <summary>The elements of one call of <see cref="Invoke"/>: four vectors.</summary>
    static abstract int Step { get; }

    /// <summary>
    /// Whether a step finds parameters by the number of its first element alone, so that steps begin at multiples of their length.
    /// </summary>
    static abstract bool KeepsSteps { get; }

    /// <summary>Maps <see cref="Step"/> elements; all of them are read before the first is written.</summary>
    /// <param name="source">The first element to read.</param>
    /// <param name="destination">The first element to write.</param>
    /// <param name="index">The number of the first element, by which parameters are found.</param>
    void Invoke<TStores>(TSource* source, TDestination* destination, nint index)
        where TStores : struct, IStores;
}
