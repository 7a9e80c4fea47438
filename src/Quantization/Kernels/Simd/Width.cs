using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Quantization.Kernels.Simd;

/// <summary>Runs work at the widest vectors that the machine has; the choice is made when the code is compiled.</summary>
internal static class Width
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Invoke<TAction>(TAction action)
        where TAction : struct, IWidthAction
    {
        if (Simd512.IsSupported)
        {
            action.Invoke<Simd512, Vector512<float>, Vector512<int>>();
        }
        else if (Simd256.IsSupported)
        {
            action.Invoke<Simd256, Vector256<float>, Vector256<int>>();
        }
        else if (Simd128.IsSupported)
        {
            action.Invoke<Simd128, Vector128<float>, Vector128<int>>();
        }
        else
        {
            action.Invoke<SimdScalar, float, int>();
        }
    }
}
