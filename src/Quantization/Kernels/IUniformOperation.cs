namespace Quantization.Kernels;

/// <summary>One of the operations of the affine mapping: which map carries it out, wherever that finds its parameters.</summary>
internal unsafe interface IUniformOperation<TSource, TDestination>
    where TSource : unmanaged
    where TDestination : unmanaged
{
    /// <summary>Maps a run whose elements find their parameters in <paramref name="lanes"/>.</summary>
    static abstract void Run<TSimd, TFloats, TInts, TLanes>(TLanes lanes, TSource* source, TDestination* destination, nint index, nint count, bool pastCaches)
        where TSimd : struct, Simd.ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TLanes : struct, ILanes<TFloats, TInts>;

    /// <summary>Maps a run whose elements take the same parameters again after <paramref name="period"/> of them.</summary>
    static abstract void RunColumns<TSimd, TFloats, TInts>(
        ColumnLanes<TSimd, TFloats, TInts> lanes, nint period, TSource* source, TDestination* destination, nint index, nint count, bool pastCaches)
        where TSimd : struct, Simd.ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged;
}
