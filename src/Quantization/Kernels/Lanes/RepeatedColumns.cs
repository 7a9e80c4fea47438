using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>
/// The same mappings again every <paramref name="period"/> elements, a multiple of a step: rows along the last axis follow one another as
/// one long run.
/// </summary>
/// <param name="period">The elements of a period; at least 2.</param>
internal readonly struct RepeatedColumns(nint period) : IColumnPlace
{
    private readonly Divider _period = new(period);

    public static bool KeepsSteps => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Of(nint index) => _period.Remainder(index);
}
