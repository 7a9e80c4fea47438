using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>A mapping for each block of <c>1 &lt;&lt; shift</c> elements, at least as many as <typeparamref name="TShortest"/> says, a multiple of the lanes: the vectors of so many elements read one.</summary>
internal readonly unsafe struct BlockLanes<TSimd, TFloats, TInts, TShortest>(MappingParameters* table, int shift) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
    where TShortest : struct, IBlockLength
{
    public static bool KeepSteps => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Scale(nint index, int offset) => TSimd.Broadcast(BlockOf(index, offset)->Scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Divisor(nint index, int offset) => TSimd.Broadcast(BlockOf(index, offset)->Divisor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Reciprocal(nint index, int offset) => TSimd.Broadcast(BlockOf(index, offset)->Reciprocal);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats ReciprocalError(nint index, int offset) => TSimd.Broadcast(BlockOf(index, offset)->ReciprocalError);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Low(nint index, int offset) => TSimd.Broadcast(BlockOf(index, offset)->Low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats High(nint index, int offset) => TSimd.Broadcast(BlockOf(index, offset)->High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => TSimd.Broadcast(BlockOf(index, offset)->ZeroPoint);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => TShortest.Elements >= 4 * TSimd.Count
        ? TSimd.Broadcast(BlockOf(index, 0)->ZeroPointBytes)
        : TSimd.BroadcastQuarters(
            BlockOf(index, 0)->ZeroPointBytes,
            BlockOf(index, TSimd.Count)->ZeroPointBytes,
            BlockOf(index, 2 * TSimd.Count)->ZeroPointBytes,
            BlockOf(index, 3 * TSimd.Count)->ZeroPointBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MappingParameters* BlockOf(nint index, int offset) => table + ((index + (offset & -TShortest.Elements)) >> shift);
}
