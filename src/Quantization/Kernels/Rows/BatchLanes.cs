using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Symmetric mappings of consecutive rows, a column for each field: the lanes of <see cref="SymmetricBatch{TCode}"/>.</summary>
/// <param name="fields">The scales of the rows, then their reciprocals, then what the reciprocals lack.</param>
/// <param name="rowShift">log₂ of the length of a row, or more than that of a step where a row has several.</param>
internal readonly unsafe struct BatchLanes<TSimd, TFloats, TInts>(float* fields, int rowShift) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    /// <summary>The rows of a column: as many as the widest vectors have lanes.</summary>
    public const int Rows = 16;

    /// <summary>The floats of all columns.</summary>
    public const int Length = 3 * Rows;

    public static bool KeepSteps => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Get(MappingField field, nint index, int offset) =>
        TSimd.Broadcast((fields + ColumnOf(field) * Rows)[index + (offset >> rowShift)]);

    public TInts ZeroPoint(nint index, int offset) => TSimd.Broadcast(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => TSimd.Broadcast(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ColumnOf(MappingField field) => field switch
    {
        MappingField.Reciprocal => 1,
        MappingField.ReciprocalError => 2,
        _ => 0, // the scale is the divisor
    };
}
