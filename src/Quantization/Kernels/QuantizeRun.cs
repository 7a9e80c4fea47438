using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Quantizes a run of elements.</summary>
/// <param name="source">The first value.</param>
/// <param name="codes">The first code; of packed codes the pair that it is the first of.</param>
/// <param name="index">The number of the first element in the parameters, or of the parameter that all take.</param>
/// <param name="count">How many elements.</param>
/// <param name="lanes">The parameters.</param>
/// <param name="pastCaches">Whether the run is part of so many elements that stores should go past the caches.</param>
internal readonly unsafe struct QuantizeRun<TCode>(float* source, TCode* codes, nint index, nint count, LaneSource* lanes, bool pastCaches = false) : IWidthAction
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
            InvokeWide<TSimd, TFloats, TInts>();
            return;
        }

        switch (lanes->Lookup)
        {
            case ParameterLookup.PerRun when count < LaneSource.LongRun:
                Driver.Run(new QuantizeMap<TSimd, TFloats, TInts, ShortRunLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows + index)), source, codes, index, count, pastCaches);
                break;
            case ParameterLookup.PerRun:
                Driver.Run(new QuantizeMap<TSimd, TFloats, TInts, UniformLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows + index)), source, codes, index, count, pastCaches);
                break;
            case ParameterLookup.PerElement:
                Driver.Run(new QuantizeMap<TSimd, TFloats, TInts, ElementLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Columns)), source, codes, index, count, pastCaches);
                break;
            case ParameterLookup.PerBlock when lanes->BlockShift == 4:
                Driver.Run(new QuantizeMap<TSimd, TFloats, TInts, BlockLanes<TSimd, TFloats, TInts, SixteenElements>, TCode>(new(lanes->Rows, lanes->BlockShift)), source, codes, index, count, pastCaches);
                break;
            case ParameterLookup.PerBlock:
                Driver.Run(new QuantizeMap<TSimd, TFloats, TInts, BlockLanes<TSimd, TFloats, TInts, ThirtyTwoElements>, TCode>(new(lanes->Rows, lanes->BlockShift)), source, codes, index, count, pastCaches);
                break;
            case ParameterLookup.PerRow:
                Driver.Run(new QuantizeMap<TSimd, TFloats, TInts, RowLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Rows, lanes->RowLength)), source, codes, index, count, pastCaches);
                break;
            default:
                QuantizeColumns(new QuantizeMap<TSimd, TFloats, TInts, ColumnLanes<TSimd, TFloats, TInts>, TCode>(new(lanes->Columns, ParameterTable.PeriodOf(lanes->ParameterCount))));
                break;
        }
    }

    /// <summary>Elements whole periods apart take the same parameters: two halves go side by side, so that these are loaded once for both. In place, codes would overtake the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void QuantizeColumns<TMap>(TMap map)
        where TMap : struct, IPairedMap<float, TCode>
    {
        nint period = ParameterTable.PeriodOf(lanes->ParameterCount);
        nint half = source == (void*)codes ? 0 : count / (2 * period) * period;
        Driver.RunSideBySide(map, source, codes, index, half, pastCaches);
        Driver.Run(map, source + 2 * half, UniformKernels.Advance(codes, 2 * half), index + 2 * half, count - 2 * half, pastCaches);
    }

    /// <summary>32-bit codes are vectorized where a run has one scale and no zero-point: biases have neither, and sums beyond 32 bits would need wider lanes.</summary>
    private void InvokeWide<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        if (lanes->Lookup == ParameterLookup.PerRun && lanes->Rows[index].ZeroPoint == 0 && lanes->MinCode == int.MinValue && lanes->MaxCode == int.MaxValue)
        {
            Driver.Run(new WideQuantizeMap<TSimd, TFloats, TInts>(lanes->Rows[index].Scale), source, (int*)codes, index, count);
            return;
        }

        for (nint i = 0; i < count; i++)
        {
            (float scale, int zeroPoint) = lanes->At(index, i);
            ((int*)codes)[i] = ScalarUniform.Quantize(source[i], scale, zeroPoint, lanes->MinCode, lanes->MaxCode);
        }
    }
}
