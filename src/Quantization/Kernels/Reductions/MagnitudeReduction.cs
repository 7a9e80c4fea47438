using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>The largest magnitude by its bits; NaN is above infinity.</summary>
internal readonly struct MagnitudeReduction<TSimd, TFloats, TInts>(TInts magnitude)
    : IReduction<MagnitudeReduction<TSimd, TFloats, TInts>, TFloats>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    public readonly TInts Magnitude = magnitude;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MagnitudeReduction<TSimd, TFloats, TInts> Of(TFloats values) => new(TSimd.MagnitudeBits(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MagnitudeReduction<TSimd, TFloats, TInts> Combine(
        MagnitudeReduction<TSimd, TFloats, TInts> left, MagnitudeReduction<TSimd, TFloats, TInts> right) =>
        new(TSimd.Max(left.Magnitude, right.Magnitude));
}
