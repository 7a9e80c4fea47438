using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>One mapping for all elements, broadcast where it is used: sooner under way than <see cref="UniformLanes{TSimd, TFloats, TInts}"/>, for runs too short to repay filling all registers.</summary>
internal readonly unsafe struct ShortRunLanes<TSimd, TFloats, TInts>(MappingParameters* parameters) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    private readonly MappingParameters _mapping = *parameters;

    public static bool KeepSteps => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Scale(nint index, int offset) => TSimd.Broadcast(_mapping.Scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Divisor(nint index, int offset) => TSimd.Broadcast(_mapping.Divisor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Reciprocal(nint index, int offset) => TSimd.Broadcast(_mapping.Reciprocal);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats ReciprocalError(nint index, int offset) => TSimd.Broadcast(_mapping.ReciprocalError);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Low(nint index, int offset) => TSimd.Broadcast(_mapping.Low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats High(nint index, int offset) => TSimd.Broadcast(_mapping.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => TSimd.Broadcast(_mapping.ZeroPoint);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => TSimd.Broadcast(_mapping.ZeroPointBytes);
}
