using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// <c>code = round(clamp(value) / divisor) + zeroPoint</c>. Clamping the value instead of the code keeps infinities and overflow out of the quotient, and needs no saturation afterwards.
/// </summary>
internal readonly unsafe struct QuantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(TLanes lanes) : IMap<float, TCode>
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
    private TInts Code(float* source, nint index, int offset)
    {
        // NaN comes through both comparisons as it is, and rounds to 0: the zero-point.
        TFloats value = TSimd.Max(lanes.Low(index, offset), TSimd.Min(lanes.High(index, offset), TSimd.Load(source + offset)));
        TFloats quotient = TSimd.Quotient<TCode, TLanes>(value, lanes, index, offset);
        return TSimd.Add(TSimd.RoundToInt32(quotient), lanes.ZeroPoint(index, offset));
    }
}
