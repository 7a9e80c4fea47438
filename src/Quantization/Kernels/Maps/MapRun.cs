using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Maps consecutive elements: finds the lanes that the parameters need.</summary>
/// <param name="lanes">The parameters.</param>
/// <param name="source">The first element to read.</param>
/// <param name="destination">The first element to write; of packed codes the pair that it is the first of.</param>
/// <param name="index">The number of the first element in the parameters, or of the parameter that all take.</param>
/// <param name="count">How many elements.</param>
/// <param name="pastCaches">Whether the run is part of so many elements that stores should go past the caches.</param>
internal readonly unsafe struct MapRun<TSource, TDestination, TOperation>(
    LaneSource* lanes, TSource* source, TDestination* destination, nint index, nint count, bool pastCaches = false) : IWidthAction
    where TSource : unmanaged
    where TDestination : unmanaged
    where TOperation : struct, IUniformOperation<TSource, TDestination>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        if (TOperation.TryMapWide<TSimd, TFloats, TInts>(lanes, source, destination, index, count))
        {
            return;
        }

        switch (lanes->Lookup)
        {
            case ParameterLookup.PerRun when count >= LaneSource.LongRun:
                Map<TSimd, TFloats, TInts, UniformLanes<TSimd, TFloats, TInts>>(new(lanes->Rows + index));
                break;
            case ParameterLookup.PerRun:
                ByRows<TSimd, TFloats, TInts, OnlyRow>(lanes->Rows + index, default);
                break;
            case ParameterLookup.PerBlock when lanes->BlockShift == 4:
                ByRows<TSimd, TFloats, TInts, BlocksOf16>(lanes->Rows, default);
                break;
            case ParameterLookup.PerBlock:
                ByRows<TSimd, TFloats, TInts, BlocksOf32>(lanes->Rows, new(lanes->BlockShift));
                break;
            case ParameterLookup.PerRow:
                ByRows<TSimd, TFloats, TInts, EqualRows>(lanes->Rows, new(lanes->RowLength));
                break;
            case ParameterLookup.PerElement:
                Map<TSimd, TFloats, TInts, ColumnLanes<TSimd, TFloats, TInts, OwnColumn>>(new(lanes->Columns, default));
                break;
            default:
                nint period = ParameterTable.PeriodOf(lanes->ParameterCount);
                Map<TSimd, TFloats, TInts, ColumnLanes<TSimd, TFloats, TInts, RepeatedColumns>>(new(lanes->Columns, new(period)), period);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ByRows<TSimd, TFloats, TInts, TIndex>(MappingParameters* table, TIndex rows)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TIndex : struct, IRowIndex => Map<TSimd, TFloats, TInts, RowLanes<TSimd, TFloats, TInts, TIndex>>(new(table, rows));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Map<TSimd, TFloats, TInts, TLanes>(TLanes found, nint period = 0)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TLanes : struct, ILanes<TFloats, TInts> =>
        TOperation.Map<TSimd, TFloats, TInts, TLanes>(found, period, source, destination, index, count, pastCaches);
}
