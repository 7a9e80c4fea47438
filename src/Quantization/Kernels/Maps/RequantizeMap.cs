using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// <c>code = saturate(round(float(accumulator) · multiplier) + zeroPoint)</c>, with a multiplier for all elements or one each.
/// </summary>
internal readonly unsafe struct RequantizeMap<TSimd, TFloats, TInts, TCode>(
    float multiplier, float* multipliers, int zeroPoint, int minCode, int maxCode) : IMap<int, TCode>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
    where TCode : unmanaged
{
    private readonly TFloats _multiplier = TSimd.Broadcast(multiplier);
    private readonly TFloats _low = TSimd.Broadcast((float)((double)minCode - zeroPoint));
    private readonly TFloats _high = TSimd.Broadcast((float)((double)maxCode - zeroPoint));
    private readonly TInts _zeroPoint = TSimd.Broadcast(zeroPoint);

    public static int Step => 4 * TSimd.Count;

    public static bool KeepsSteps => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke<TStores>(int* source, TCode* destination, nint index)
        where TStores : struct, IStores => TSimd.StoreNarrowed<TCode, TStores>(
            Code(source, index, 0),
            Code(source, index, TSimd.Count),
            Code(source, index, 2 * TSimd.Count),
            Code(source, index, 3 * TSimd.Count),
            destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TInts Code(int* source, nint index, int offset)
    {
        TFloats factor = multipliers == null ? _multiplier : TSimd.Load(multipliers + index + offset);
        TFloats product = TSimd.Multiply(TSimd.ToSingle(TSimd.Load(source + offset)), factor);
        return TSimd.Add(TSimd.RoundToInt32(TSimd.Max(_low, TSimd.Min(_high, product))), _zeroPoint);
    }
}
