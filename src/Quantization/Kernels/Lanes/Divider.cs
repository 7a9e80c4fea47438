using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Kernels;

/// <summary>Divides the numbers of elements by one multiplication.</summary>
/// <param name="divisor">At least 2. Numbers are below 2⁶⁴ / divisor.</param>
internal readonly struct Divider(nint divisor)
{
    /// <summary>2⁶⁴ / divisor, rounded up: the excess is too small to reach the next quotient.</summary>
    private readonly ulong _reciprocal = ulong.MaxValue / (ulong)divisor + 1;
    private readonly nint _divisor = divisor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Quotient(nint number) =>
        Bmi2.X64.IsSupported ? (nint)Bmi2.X64.MultiplyNoFlags((ulong)number, _reciprocal) : number / _divisor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Remainder(nint number) => number - Quotient(number) * _divisor;
}
