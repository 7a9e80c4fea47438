using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>
/// One mapping for all: sooner under way than <see cref="UniformLanes{TSimd, TFloats, TInts}"/>, for runs too short to repay filling all
/// registers.
/// </summary>
internal readonly struct OnlyRow : IRowIndex
{
    public static bool KeepsSteps => false;

    public static int SharedElements => 1 << 30;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Of(nint index, int offset) => 0;
}
