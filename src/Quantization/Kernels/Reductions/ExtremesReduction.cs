using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>The smallest and the largest value, and the largest magnitude by its bits, which shows whether there was a NaN.</summary>
internal readonly struct ExtremesReduction<TSimd, TFloats, TInts>(TFloats min, TFloats max, TInts magnitude)
    : IReduction<ExtremesReduction<TSimd, TFloats, TInts>, TFloats>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    public readonly TFloats Min = min;
    public readonly TFloats Max = max;
    public readonly TInts Magnitude = magnitude;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtremesReduction<TSimd, TFloats, TInts> Of(TFloats values) => new(values, values, TSimd.MagnitudeBits(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExtremesReduction<TSimd, TFloats, TInts> Combine(
        ExtremesReduction<TSimd, TFloats, TInts> left, ExtremesReduction<TSimd, TFloats, TInts> right) =>
        new(TSimd.Min(left.Min, right.Min), TSimd.Max(left.Max, right.Max), TSimd.Max(left.Magnitude, right.Magnitude));
}
