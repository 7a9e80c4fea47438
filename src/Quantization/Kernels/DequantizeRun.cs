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
internal readonly unsafe struct DequantizeRun<TCode>(TCode* codes, float* destination, nint index, nint count, LaneSource* lanes, bool pastCaches = false) : IWidthAction, IUniformOperation<TCode, float>
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

        LaneSwitch.Run<DequantizeRun<TCode>, TCode, float, TSimd, TFloats, TInts>(lanes, codes, destination, index, count, pastCaches);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUniformOperation<TCode, float>.Run<TSimd, TFloats, TInts, TLanes>(TLanes lanes, TCode* source, float* destination, nint index, nint count, bool pastCaches) =>
        Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(lanes), source, destination, index, count, pastCaches);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUniformOperation<TCode, float>.RunColumns<TSimd, TFloats, TInts>(
        ColumnLanes<TSimd, TFloats, TInts> lanes, nint period, TCode* source, float* destination, nint index, nint count, bool pastCaches) =>
        Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, ColumnLanes<TSimd, TFloats, TInts>, TCode>(lanes), source, destination, index, count, pastCaches);

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
