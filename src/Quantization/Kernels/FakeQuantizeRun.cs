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
internal readonly unsafe struct FakeQuantizeRun<TCode>(float* source, float* destination, nint index, nint count, LaneSource* lanes, bool pastCaches = false) : IWidthAction, IUniformOperation<float, float>
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

        LaneSwitch.Run<FakeQuantizeRun<TCode>, float, float, TSimd, TFloats, TInts>(lanes, source, destination, index, count, pastCaches);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUniformOperation<float, float>.Run<TSimd, TFloats, TInts, TLanes>(TLanes lanes, float* source, float* destination, nint index, nint count, bool pastCaches) =>
        Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(lanes), source, destination, index, count, pastCaches);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUniformOperation<float, float>.RunColumns<TSimd, TFloats, TInts>(
        ColumnLanes<TSimd, TFloats, TInts> lanes, nint period, float* source, float* destination, nint index, nint count, bool pastCaches) =>
        Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, ColumnLanes<TSimd, TFloats, TInts>, TCode>(lanes), source, destination, index, count, pastCaches);
}
