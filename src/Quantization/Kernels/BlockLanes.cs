using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>A mapping for each block of <c>1 &lt;&lt; shift</c> elements, a multiple of the lanes: each vector reads one.</summary>
internal readonly unsafe struct BlockLanes<TSimd, TFloats, TInts>(ParameterPointers table, int shift) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Scale(nint index) => TSimd.Broadcast(table.Scales[index >> shift]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Divisor(nint index) => TSimd.Broadcast(table.Divisors[index >> shift]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Reciprocal(nint index) => TSimd.Broadcast(table.Reciprocals[index >> shift]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats ReciprocalError(nint index) => TSimd.Broadcast(table.ReciprocalErrors[index >> shift]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Low(nint index) => TSimd.Broadcast(table.Lows[index >> shift]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats High(nint index) => TSimd.Broadcast(table.Highs[index >> shift]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index) => TSimd.Broadcast(table.ZeroPoints[index >> shift]);
}
