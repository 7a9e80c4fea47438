using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>A mapping for each vector, broadcast from a table of rows where it is used.</summary>
/// <param name="table">The first mapping.</param>
/// <param name="rows">Which mapping a vector takes.</param>
internal readonly unsafe struct RowLanes<TSimd, TFloats, TInts, TIndex>(MappingParameters* table, TIndex rows) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
    where TIndex : struct, IRowIndex
{
    public static bool KeepSteps => TIndex.KeepsSteps;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Get(MappingField field, nint index, int offset) => TSimd.Broadcast(((float*)RowOf(index, offset))[(int)field]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => TSimd.Broadcast(RowOf(index, offset)->ZeroPoint);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => TIndex.SharedElements >= 4 * TSimd.Count
        ? TSimd.Broadcast(RowOf(index, 0)->ZeroPointBytes)
        : TSimd.BroadcastQuarters(
            RowOf(index, 0)->ZeroPointBytes,
            RowOf(index, TSimd.Count)->ZeroPointBytes,
            RowOf(index, 2 * TSimd.Count)->ZeroPointBytes,
            RowOf(index, 3 * TSimd.Count)->ZeroPointBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MappingParameters* RowOf(nint index, int offset) => table + rows.Of(index, offset);
}
