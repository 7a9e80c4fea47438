using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>A mapping for each block of <c>1 &lt;&lt; shift</c> elements, a multiple of the lanes: each vector reads one.</summary>
internal readonly unsafe struct BlockLanes<TSimd, TFloats, TInts>(MappingParameters* table, int shift) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    public static bool KeepSteps => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Scale(nint index, int offset) => TSimd.Broadcast(table[(index + offset) >> shift].Scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Divisor(nint index, int offset) => TSimd.Broadcast(table[(index + offset) >> shift].Divisor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Reciprocal(nint index, int offset) => TSimd.Broadcast(table[(index + offset) >> shift].Reciprocal);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats ReciprocalError(nint index, int offset) => TSimd.Broadcast(table[(index + offset) >> shift].ReciprocalError);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Low(nint index, int offset) => TSimd.Broadcast(table[(index + offset) >> shift].Low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats High(nint index, int offset) => TSimd.Broadcast(table[(index + offset) >> shift].High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => TSimd.Broadcast(table[(index + offset) >> shift].ZeroPoint);
}
