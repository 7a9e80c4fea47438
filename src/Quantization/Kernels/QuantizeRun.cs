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
internal readonly unsafe struct QuantizeRun<TCode>(float* source, TCode* codes, nint index, nint count, LaneSource* lanes, bool pastCaches = false) : IWidthAction, IUniformOperation<float, TCode>
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

        LaneSwitch.Run<QuantizeRun<TCode>, float, TCode, TSimd, TFloats, TInts>(lanes, source, codes, index, count, pastCaches);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUniformOperation<float, TCode>.Run<TSimd, TFloats, TInts, TLanes>(TLanes lanes, float* source, TCode* destination, nint index, nint count, bool pastCaches) =>
        Driver.Run(new QuantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(lanes), source, destination, index, count, pastCaches);

    /// <summary>Elements whole periods apart take the same parameters: two halves go side by side, so that these are loaded once for both. In place, codes would overtake the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUniformOperation<float, TCode>.RunColumns<TSimd, TFloats, TInts>(
        ColumnLanes<TSimd, TFloats, TInts> lanes, nint period, float* source, TCode* destination, nint index, nint count, bool pastCaches)
    {
        QuantizeMap<TSimd, TFloats, TInts, ColumnLanes<TSimd, TFloats, TInts>, TCode> map = new(lanes);
        nint half = source == (void*)destination ? 0 : count / (2 * period) * period;
        Driver.RunSideBySide(map, source, destination, index, half, pastCaches);
        Driver.Run(map, source + 2 * half, UniformKernels.Advance(destination, 2 * half), index + 2 * half, count - 2 * half, pastCaches);
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
