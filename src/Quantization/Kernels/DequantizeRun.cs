using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Dequantizes a run of elements.</summary>
/// <param name="codes">The first code; of packed codes the pair that it is the first of.</param>
/// <param name="destination">The first value.</param>
/// <param name="index">The number of the first element in the parameters, or of the parameter that all take.</param>
/// <param name="count">How many elements.</param>
/// <param name="lanes">The parameters.</param>
/// <param name="pastCaches">Whether the run is part of so many elements that stores should go past the caches.</param>
internal readonly unsafe struct DequantizeRun<TCode>(TCode* codes, float* destination, nint index, nint count, LaneSource* lanes, bool pastCaches = false) : IWidthAction
    where TCode : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        if (typeof(TCode) == typeof(int) && !HasNoZeroPoint())
        {
            // The difference of two 32-bit numbers needs 33 bits.
            for (nint i = 0; i < count; i++)
            {
                (float scale, int zeroPoint) = lanes->At(index, i);
                destination[i] = ScalarUniform.Dequantize(((int*)codes)[i], scale, zeroPoint);
            }

            return;
        }

        switch (lanes->Lookup)
        {
            case ParameterLookup.PerRun when count < LaneSource.LongRun:
                Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, ShortRunLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows + index)), codes, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerRun:
                Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, UniformLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows + index)), codes, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerElement:
                Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, ElementLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Columns)), codes, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerBlock when lanes->BlockShift == 4:
                Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, BlockLanes<TSimd, TFloats, TInts, SixteenElements>, TCode>(new(lanes->Rows, lanes->BlockShift)), codes, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerBlock:
                Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, BlockLanes<TSimd, TFloats, TInts, ThirtyTwoElements>, TCode>(new(lanes->Rows, lanes->BlockShift)), codes, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerRow:
                Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, RowLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows, lanes->RowLength)), codes, destination, index, count, pastCaches);
                break;
            default:
                Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, ColumnLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Columns, ParameterTable.PeriodOf(lanes->ParameterCount))), codes, destination, index, count, pastCaches);
                break;
        }
    }

    private bool HasNoZeroPoint()
    {
        nint last = lanes->ParameterOf(index, count - 1);
        for (nint parameter = lanes->ParameterOf(index, 0); parameter <= last; parameter++)
        {
            if (lanes->Rows[parameter].ZeroPoint != 0)
            {
                return false;
            }
        }

        return true;
    }
}
