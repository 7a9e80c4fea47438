using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>A mapping for each block of <c>1 &lt;&lt; shift</c> elements, 32 or more: the vectors of 32 elements read one.</summary>
internal readonly struct BlocksOf32(int shift) : IRowIndex
{
    public static bool KeepsSteps => true;

    public static int SharedElements => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Of(nint index, int offset) => (index + (offset & -SharedElements)) >> shift;
}
