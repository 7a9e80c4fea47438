using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// A mapping for each element, read as vectors, the same again every <paramref name="period"/> elements, which is a multiple of a step: rows along the last axis follow one another as one long run.
/// </summary>
/// <param name="table">The mappings of a period.</param>
/// <param name="period">The elements of a period; at least 2.</param>
internal readonly unsafe struct ColumnLanes<TSimd, TFloats, TInts>(ParameterPointers table, nint period) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    private readonly Divider _period = new(period);

    public static bool KeepSteps => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Scale(nint index, int offset) => TSimd.Load(table.Scales + PlaceOf(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Divisor(nint index, int offset) => TSimd.Load(table.Divisors + PlaceOf(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Reciprocal(nint index, int offset) => TSimd.Load(table.Reciprocals + PlaceOf(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats ReciprocalError(nint index, int offset) => TSimd.Load(table.ReciprocalErrors + PlaceOf(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Low(nint index, int offset) => TSimd.Load(table.Lows + PlaceOf(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats High(nint index, int offset) => TSimd.Load(table.Highs + PlaceOf(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => TSimd.Load(table.ZeroPoints + PlaceOf(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => TSimd.Load((int*)(table.ZeroPointBytes + PlaceOf(index)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint PlaceOf(nint index) => _period.Remainder(index);
}
