using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// A mapping for each row of <paramref name="rowLength"/> elements, a multiple of a step: all vectors of a step read one. So rows follow one another as the elements of one long run do, in loops that begin and end
/// once.
/// </summary>
/// <param name="table">The mapping of the first row.</param>
/// <param name="rowLength">The elements of a row; at least 2.</param>
internal readonly unsafe struct RowLanes<TSimd, TFloats, TInts>(MappingParameters* table, nint rowLength) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    private readonly Divider _rowLength = new(rowLength);

    public static bool KeepSteps => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Scale(nint index, int offset) => TSimd.Broadcast(RowOf(index)->Scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Divisor(nint index, int offset) => TSimd.Broadcast(RowOf(index)->Divisor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Reciprocal(nint index, int offset) => TSimd.Broadcast(RowOf(index)->Reciprocal);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats ReciprocalError(nint index, int offset) => TSimd.Broadcast(RowOf(index)->ReciprocalError);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Low(nint index, int offset) => TSimd.Broadcast(RowOf(index)->Low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats High(nint index, int offset) => TSimd.Broadcast(RowOf(index)->High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => TSimd.Broadcast(RowOf(index)->ZeroPoint);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => TSimd.Broadcast(RowOf(index)->ZeroPointBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MappingParameters* RowOf(nint index) => table + _rowLength.Quotient(index);
}
