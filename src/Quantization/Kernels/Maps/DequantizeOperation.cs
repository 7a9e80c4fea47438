using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Codes to values.</summary>
internal readonly unsafe struct DequantizeOperation<TCode> : IUniformOperation<TCode, float>
    where TCode : unmanaged
{
    public static bool TakesPrescaledValues => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Map<TSimd, TFloats, TInts, TLanes>(
        TLanes lanes, nint period, TCode* source, float* destination, nint index, nint count, bool pastCaches)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TLanes : struct, ILanes<TFloats, TInts> =>
        Driver.Run(new DequantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(lanes), source, destination, index, count, pastCaches);

    /// <summary>The difference of two 32-bit numbers needs 33 bits, unless the second is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryMapWide<TSimd, TFloats, TInts>(LaneSource* lanes, TCode* source, float* destination, nint index, nint count)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        if (typeof(TCode) != typeof(int) || HasNoZeroPoint(lanes, index, count))
        {
            return false;
        }

        for (nint i = 0; i < count; i++)
        {
            MapOne(source, i, destination, i, lanes->Rows[lanes->ParameterOf(index, i)], lanes);
        }

        return true;
    }

    public static void MapOne(TCode* source, nint from, float* destination, nint to, in MappingParameters mapping, LaneSource* lanes) =>
        destination[to] = ScalarUniform.Dequantize(CodeStorage.Read(lanes->Type, (byte*)source, from), mapping.Scale, mapping.ZeroPoint);

    private static bool HasNoZeroPoint(LaneSource* lanes, nint index, nint count)
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
