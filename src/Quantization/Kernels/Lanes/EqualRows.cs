using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>
/// A mapping for each row of so many elements, a multiple of a step: rows follow one another as the elements of one long run do, in loops
/// that begin and end once.
/// </summary>
/// <param name="rowLength">The elements of a row; at least 2.</param>
internal readonly struct EqualRows(nint rowLength) : IRowIndex
{
    private readonly Divider _rowLength = new(rowLength);

    public static bool KeepsSteps => true;

    public static int SharedElements => RunLayout.RowStep;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Of(nint index, int offset) => _rowLength.Quotient(index);
}
