using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>Element i takes mapping i.</summary>
internal readonly struct OwnColumn : IColumnPlace
{
    public static bool KeepsSteps => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Of(nint index) => index;
}
