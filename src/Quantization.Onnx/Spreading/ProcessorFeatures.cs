using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Onnx;

/// <summary>
/// Describes a processor by what decides which kernels of floats it takes: two that differ can differ in the last bits of sums.
/// </summary>
internal static class ProcessorFeatures
{
    /// <summary>The architecture, the instructions and the width of vectors, such as <c>X64 AVX2 FMA, 256 bits</c>.</summary>
    public static string Describe()
    {
        (string Name, bool IsThere)[] all =
        [
            ("SSE4.2", Sse42.IsSupported),
            ("AVX", Avx.IsSupported),
            ("AVX2", Avx2.IsSupported),
            ("FMA", Fma.IsSupported),
            ("AVX-VNNI", AvxVnni.IsSupported),
            ("AVX-512F", Avx512F.IsSupported),
            ("AVX-512BW", Avx512BW.IsSupported),
            ("AVX-512VBMI", Avx512Vbmi.IsSupported),
            ("AdvSIMD", AdvSimd.IsSupported),
            ("Dp", Dp.IsSupported),
        ];
        int width = Vector512.IsHardwareAccelerated ? 512
            : Vector256.IsHardwareAccelerated ? 256
            : Vector128.IsHardwareAccelerated ? 128
            : 8 * Vector<byte>.Count;
        string words = string.Join(
            ' ', all.Where(each => each.IsThere).Select(each => each.Name).Prepend(RuntimeInformation.ProcessArchitecture.ToString()));
        return FormattableString.Invariant($"{words}, {width} bits");
    }
}
