using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>One of the operations of the affine mapping: quantize, dequantize, or both at once.</summary>
/// <typeparam name="TSource">What it reads: floats, or codes.</typeparam>
/// <typeparam name="TDestination">What it writes.</typeparam>
internal unsafe interface IUniformOperation<TSource, TDestination>
    where TSource : unmanaged
    where TDestination : unmanaged
{
    /// <summary>Whether values of extreme scales are multiplied by a power of two first.</summary>
    static abstract bool TakesPrescaledValues { get; }

    /// <summary>Maps a run whose elements find their parameters in <paramref name="lanes"/>.</summary>
    /// <param name="lanes">The parameters.</param>
    /// <param name="period">The elements after which the same parameters come again, where there are such; otherwise 0.</param>
    /// <param name="source">The first element to read.</param>
    /// <param name="destination">The first element to write.</param>
    /// <param name="index">The number of the first element in the parameters.</param>
    /// <param name="count">How many elements.</param>
    /// <param name="pastCaches">Whether the run is part of so many elements that stores should go past the caches.</param>
    static abstract void Map<TSimd, TFloats, TInts, TLanes>(
        TLanes lanes, nint period, TSource* source, TDestination* destination, nint index, nint count, bool pastCaches)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TLanes : struct, ILanes<TFloats, TInts>;

    /// <summary>
    /// Maps a run in another way than by lanes: 32-bit codes, whose sums and differences need 33 bits. False where lanes can do it.
    /// </summary>
    static abstract bool TryMapWide<TSimd, TFloats, TInts>(
        LaneSource* lanes, TSource* source, TDestination* destination, nint index, nint count)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged;

    /// <summary>Maps one element: with packed codes, one in the upper half of a byte.</summary>
    /// <param name="source">The first element of the source.</param>
    /// <param name="from">The number of the element to read.</param>
    /// <param name="destination">The first element of the destination.</param>
    /// <param name="to">The number of the element to write.</param>
    /// <param name="mapping">The mapping.</param>
    /// <param name="lanes">The codes' storage and interval.</param>
    static abstract void MapOne(
        TSource* source, nint from, TDestination* destination, nint to, in MappingParameters mapping, LaneSource* lanes);
}
