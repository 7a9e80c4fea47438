using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>A mapping for each block of 16 elements: as many as the widest vector has lanes.</summary>
internal readonly struct BlocksOf16 : IRowIndex
{
    public static bool KeepsSteps => true;

    public static int SharedElements => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Of(nint index, int offset) => (index + (offset & -SharedElements)) >> 4;
}
