using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Values to codes.</summary>
internal readonly unsafe struct QuantizeOperation<TCode> : IUniformOperation<float, TCode>
    where TCode : unmanaged
{
    /// <summary>32-bit codes divide by the scale itself.</summary>
    public static bool TakesPrescaledValues => typeof(TCode) != typeof(int);

    /// <summary>
    /// Elements whole periods apart take the same parameters: two halves go side by side, so that these are loaded once for both. In place,
    /// codes would overtake the values.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Map<TSimd, TFloats, TInts, TLanes>(
        TLanes lanes, nint period, float* source, TCode* destination, nint index, nint count, bool pastCaches)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TLanes : struct, ILanes<TFloats, TInts>
    {
        QuantizeMap<TSimd, TFloats, TInts, TLanes, TCode> map = new(lanes);
        if (period > 0 && source != (void*)destination)
        {
            nint half = count / (2 * period) * period;
            Driver.RunSideBySide(map, source, destination, index, half, pastCaches);
            source += 2 * half;
            destination = Driver.Advance(destination, 2 * half);
            index += 2 * half;
            count -= 2 * half;
        }

        Driver.Run(map, source, destination, index, count, pastCaches);
    }

    /// <summary>
    /// Vectors serve where a run has one scale and no zero-point: biases have neither, and sums beyond 32 bits would need wider lanes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryMapWide<TSimd, TFloats, TInts>(LaneSource* lanes, float* source, TCode* destination, nint index, nint count)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        if (typeof(TCode) != typeof(int))
        {
            return false;
        }

        if (lanes->Lookup == ParameterLookup.PerRun
            && lanes->Rows[index].ZeroPoint == 0
            && lanes->MinCode == int.MinValue
            && lanes->MaxCode == int.MaxValue)
        {
            Driver.Run(new WideQuantizeMap<TSimd, TFloats, TInts>(lanes->Rows[index].Scale), source, (int*)destination, index, count);
            return true;
        }

        for (nint i = 0; i < count; i++)
        {
            MapOne(source, i, destination, i, lanes->Rows[lanes->ParameterOf(index, i)], lanes);
        }

        return true;
    }

    public static void MapOne(float* source, nint from, TCode* destination, nint to, in MappingParameters mapping, LaneSource* lanes) =>
        CodeStorage.Write(
            lanes->Type,
            (byte*)destination,
            to,
            ScalarUniform.Quantize(source[from], mapping.Scale, mapping.ZeroPoint, lanes->MinCode, lanes->MaxCode));
}
