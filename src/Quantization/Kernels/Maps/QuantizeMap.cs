using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// <c>code = round(clamp(value) / divisor) + zeroPoint</c>. Clamping the value instead of the code keeps infinities and overflow out of the
/// quotient, and needs no saturation afterwards.
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
        where TStores : struct, IStores => Store<TStores>(
            Quotient(source, index, 0),
            Quotient(source, index, TSimd.Count),
            Quotient(source, index, 2 * TSimd.Count),
            Quotient(source, index, 3 * TSimd.Count),
            destination,
            index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void InvokePair<TStores>(float* source, float* secondSource, TCode* destination, TCode* secondDestination, nint index)
        where TStores : struct, IStores
    {
        // Side by side, so that parameters are loaded once.
        TFloats first = Quotient(source, index, 0);
        TFloats otherFirst = Quotient(secondSource, index, 0);
        TFloats second = Quotient(source, index, TSimd.Count);
        TFloats otherSecond = Quotient(secondSource, index, TSimd.Count);
        TFloats third = Quotient(source, index, 2 * TSimd.Count);
        TFloats otherThird = Quotient(secondSource, index, 2 * TSimd.Count);
        TFloats fourth = Quotient(source, index, 3 * TSimd.Count);
        TFloats otherFourth = Quotient(secondSource, index, 3 * TSimd.Count);
        Store<TStores>(first, second, third, fourth, destination, index);
        Store<TStores>(otherFirst, otherSecond, otherThird, otherFourth, secondDestination, index);
    }

    /// <summary>NaN comes through both comparisons as it is, and rounds to 0: the zero-point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TFloats Quotient(float* source, nint index, int offset) => TSimd.Quotient<TCode, TLanes>(
        TSimd.Max(
            lanes.Get(MappingField.Low, index, offset),
            TSimd.Min(lanes.Get(MappingField.High, index, offset), TSimd.Load(source + offset))), lanes, index, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store<TStores>(TFloats first, TFloats second, TFloats third, TFloats fourth, TCode* destination, nint index)
        where TStores : struct, IStores
    {
        if (sizeof(TCode) == 1)
        {
            TSimd.StoreBytes<TCode, TStores>(first, second, third, fourth, lanes.ZeroPointBytes(index), destination);
            return;
        }

        TSimd.StoreNarrowed<TCode, TStores>(
            Code(first, index, 0),
            Code(second, index, TSimd.Count),
            Code(third, index, 2 * TSimd.Count),
            Code(fourth, index, 3 * TSimd.Count),
            destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TInts Code(TFloats quotient, nint index, int offset) => TSimd.Add(TSimd.RoundToInt32(quotient), lanes.ZeroPoint(index, offset));
}
