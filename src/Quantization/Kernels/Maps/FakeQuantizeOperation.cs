using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Values to codes and back.</summary>
/// <typeparam name="TCode">A code type as wide as the simulated one: it decides the arithmetic of the quotient.</typeparam>
internal readonly unsafe struct FakeQuantizeOperation<TCode> : IUniformOperation<float, float>
    where TCode : unmanaged
{
    public static bool TakesPrescaledValues => typeof(TCode) != typeof(int);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Map<TSimd, TFloats, TInts, TLanes>(
        TLanes lanes, nint period, float* source, float* destination, nint index, nint count, bool pastCaches)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TLanes : struct, ILanes<TFloats, TInts> =>
        Driver.Run(new FakeQuantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(lanes), source, destination, index, count, pastCaches);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryMapWide<TSimd, TFloats, TInts>(LaneSource* lanes, float* source, float* destination, nint index, nint count)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        if (typeof(TCode) != typeof(int))
        {
            return false;
        }

        for (nint i = 0; i < count; i++)
        {
            MapOne(source, i, destination, i, lanes->Rows[lanes->ParameterOf(index, i)], lanes);
        }

        return true;
    }

    public static void MapOne(float* source, nint from, float* destination, nint to, in MappingParameters mapping, LaneSource* lanes)
    {
        int code = ScalarUniform.Quantize(source[from], mapping.Scale, mapping.ZeroPoint, lanes->MinCode, lanes->MaxCode);
        destination[to] = ScalarUniform.Dequantize(code, mapping.Scale, mapping.ZeroPoint);
    }
}
