using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>A mapping for each element, read as vectors.</summary>
internal readonly unsafe struct ElementLanes<TSimd, TFloats, TInts>(ParameterPointers table) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    public static bool KeepSteps => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Scale(nint index, int offset) => TSimd.Load(table.Scales + index + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Divisor(nint index, int offset) => TSimd.Load(table.Divisors + index + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Reciprocal(nint index, int offset) => TSimd.Load(table.Reciprocals + index + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats ReciprocalError(nint index, int offset) => TSimd.Load(table.ReciprocalErrors + index + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Low(nint index, int offset) => TSimd.Load(table.Lows + index + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats High(nint index, int offset) => TSimd.Load(table.Highs + index + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => TSimd.Load(table.ZeroPoints + index + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => TSimd.Load((int*)(table.ZeroPointBytes + index));
}
