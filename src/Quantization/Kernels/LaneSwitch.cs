using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Gives an operation the lanes that find the parameters of a run.</summary>
internal static unsafe class LaneSwitch
{
    /// <summary>Maps a run of elements.</summary>
    /// <param name="lanes">The parameters.</param>
    /// <param name="source">The first element to read.</param>
    /// <param name="destination">The first element to write.</param>
    /// <param name="index">The number of the first element in the parameters, or of the parameter that all take.</param>
    /// <param name="count">How many elements.</param>
    /// <param name="pastCaches">Whether the run is part of so many elements that stores should go past the caches.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TOperation, TSource, TDestination, TSimd, TFloats, TInts>(LaneSource* lanes, TSource* source, TDestination* destination, nint index, nint count, bool pastCaches)
        where TOperation : struct, IUniformOperation<TSource, TDestination>
        where TSource : unmanaged
        where TDestination : unmanaged
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        switch (lanes->Lookup)
        {
            case ParameterLookup.PerRun when count < LaneSource.LongRun:
                TOperation.Run<TSimd, TFloats, TInts, ShortRunLanes<TSimd, TFloats, TInts>>(new(lanes->Rows + index), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerRun:
                TOperation.Run<TSimd, TFloats, TInts, UniformLanes<TSimd, TFloats, TInts>>(new(lanes->Rows + index), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerElement:
                TOperation.Run<TSimd, TFloats, TInts, ElementLanes<TSimd, TFloats, TInts>>(new(lanes->Columns), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerBlock when lanes->BlockShift == 4:
                TOperation.Run<TSimd, TFloats, TInts, BlockLanes<TSimd, TFloats, TInts, SixteenElements>>(new(lanes->Rows, lanes->BlockShift), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerBlock:
                TOperation.Run<TSimd, TFloats, TInts, BlockLanes<TSimd, TFloats, TInts, ThirtyTwoElements>>(new(lanes->Rows, lanes->BlockShift), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerRow:
                TOperation.Run<TSimd, TFloats, TInts, RowLanes<TSimd, TFloats, TInts>>(new(lanes->Rows, lanes->RowLength), source, destination, index, count, pastCaches);
                break;
            default:
                nint period = ParameterTable.PeriodOf(lanes->ParameterCount);
                TOperation.RunColumns<TSimd, TFloats, TInts>(new(lanes->Columns, period), period, source, destination, index, count, pastCaches);
                break;
        }
    }
}
