using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// <c>code = saturate(round(value / scale))</c> for 32-bit codes with zero-point 0: their range is too wide to clamp values to, so the
/// rounding saturates.
/// </summary>
internal readonly unsafe struct WideQuantizeMap<TSimd, TFloats, TInts>(float scale) : IMap<float, int>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    private readonly TFloats _scale = TSimd.Broadcast(scale);

    public static int Step => 4 * TSimd.Count;

    public static bool KeepsSteps => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke<TStores>(float* source, int* destination, nint index)
        where TStores : struct, IStores => TSimd.StoreNarrowed<int, TStores>(
            Code(source), Code(source + TSimd.Count), Code(source + 2 * TSimd.Count), Code(source + 3 * TSimd.Count), destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TInts Code(float* source) => TSimd.RoundToInt32Saturating(TSimd.Divide(TSimd.Load(source), _scale));
}
