using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Quantizes and dequantizes a run of elements.</summary>
/// <typeparam name="TCode">A code type as wide as the simulated one: it decides the arithmetic of the quotient.</typeparam>
/// <param name="source">The first value.</param>
/// <param name="destination">The first result.</param>
/// <param name="index">The number of the first element in the parameters, or of the parameter that all take.</param>
/// <param name="count">How many elements.</param>
/// <param name="lanes">The parameters.</param>
/// <param name="pastCaches">Whether the run is part of so many elements that stores should go past the caches.</param>
internal readonly unsafe struct FakeQuantizeRun<TCode>(float* source, float* destination, nint index, nint count, LaneSource* lanes, bool pastCaches = false) : IWidthAction
    where TCode : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        if (typeof(TCode) == typeof(int))
        {
            for (nint i = 0; i < count; i++)
            {
                (float scale, int zeroPoint) = lanes->At(index, i);
                int code = ScalarUniform.Quantize(source[i], scale, zeroPoint, lanes->MinCode, lanes->MaxCode);
                destination[i] = ScalarUniform.Dequantize(code, scale, zeroPoint);
            }

            return;
        }

        switch (lanes->Lookup)
        {
            case ParameterLookup.PerRun when count < LaneSource.LongRun:
                Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, ShortRunLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows + index)), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerRun:
                Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, UniformLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows + index)), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerElement:
                Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, ElementLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Columns)), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerBlock when lanes->BlockShift == 4:
                Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, BlockLanes<TSimd, TFloats, TInts, SixteenElements>, TCode>(new(lanes->Rows, lanes->BlockShift)), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerBlock:
                Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, BlockLanes<TSimd, TFloats, TInts, ThirtyTwoElements>, TCode>(new(lanes->Rows, lanes->BlockShift)), source, destination, index, count, pastCaches);
                break;
            case ParameterLookup.PerRow:
                Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, RowLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows, lanes->RowLength)), source, destination, index, count, pastCaches);
                break;
            default:
                Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, ColumnLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Columns, ParameterTable.PeriodOf(lanes->ParameterCount))), source, destination, index, count, pastCaches);
                break;
        }
    }
}
