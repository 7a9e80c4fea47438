using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>A mapping for each element, read as vectors.</summary>
internal readonly unsafe struct ElementLanes<TSimd, TFloats, TInts>(ParameterPointers table) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    public static bool ShareVectors => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Scale(nint index) => TSimd.Load(table.Scales + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Divisor(nint index) => TSimd.Load(table.Divisors + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Reciprocal(nint index) => TSimd.Load(table.Reciprocals + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats ReciprocalError(nint index) => TSimd.Load(table.ReciprocalErrors + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Low(nint index) => TSimd.Load(table.Lows + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats High(nint index) => TSimd.Load(table.Highs + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index) => TSimd.Load(table.ZeroPoints + index);
}
