using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// <c>code = round(clamp(value) / divisor) + zeroPoint</c>. Clamping the value instead of the code keeps infinities and overflow out of the quotient, and needs no saturation afterwards.
/// </summary>
internal readonly unsafe struct QuantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(TLanes lanes) : IPairedMap<float, TCode>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
    where TLanes : struct, ILanes<TFloats, TInts>
    where TCode : unmanaged
{
    public static int Step => 4 * TSimd.Count;

    public static bool KeepsSteps => TLanes.KeepSteps;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke<TStores>(float* source, TCode* destination, nint index)
        where TStores : struct, IStores => TSimd.StoreNarrowed<TCode, TStores>(
            Code(source, index, 0), Code(source, index, TSimd.Count), Code(source, index, 2 * TSimd.Count), Code(source, index, 3 * TSimd.Count), destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void InvokePair<TStores>(float* source, float* secondSource, TCode* destination, TCode* secondDestination, nint index)
        where TStores : struct, IStores
    {
        // Side by side, so that parameters are loaded once.
        TInts first = Code(source, index, 0);
        TInts otherFirst = Code(secondSource, index, 0);
        TInts second = Code(source, index, TSimd.Count);
        TInts otherSecond = Code(secondSource, index, TSimd.Count);
        TInts third = Code(source, index, 2 * TSimd.Count);
        TInts otherThird = Code(secondSource, index, 2 * TSimd.Count);
        TInts fourth = Code(source, index, 3 * TSimd.Count);
        TInts otherFourth = Code(secondSource, index, 3 * TSimd.Count);
        TSimd.StoreNarrowed<TCode, TStores>(first, second, third, fourth, destination);
        TSimd.StoreNarrowed<TCode, TStores>(otherFirst, otherSecond, otherThird, otherFourth, secondDestination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TInts Code(float* source, nint index, int offset)
    {
        // NaN comes through both comparisons as it is, and rounds to 0: the zero-point.
        TFloats value = TSimd.Max(lanes.Low(index, offset), TSimd.Min(lanes.High(index, offset), TSimd.Load(source + offset)));
        TFloats quotient = TSimd.Quotient<TCode, TLanes>(value, lanes, index, offset);
        return TSimd.Add(TSimd.RoundToInt32(quotient), lanes.ZeroPoint(index, offset));
    }
}
