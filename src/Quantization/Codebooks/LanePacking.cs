using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Codebooks;

/// <summary>Narrows the lanes of four vectors to one vector of bytes.</summary>
internal static class LanePacking
{
    /// <summary>
    /// The low bytes of four vectors in order. Packing works within 128-bit lanes and leaves four values of each vector side by side, which
    /// the permute undoes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> ToBytes(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d) =>
        Avx512F.PermuteVar16x32(
            Avx512BW.PackUnsignedSaturate(Avx512BW.PackSignedSaturate(a, b), Avx512BW.PackSignedSaturate(c, d)).AsInt32(),
            Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)).AsByte();

    /// <inheritdoc cref="ToBytes(Vector512{int}, Vector512{int}, Vector512{int}, Vector512{int})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ToBytes(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d) => Avx2.PermuteVar8x32(
        Avx2.PackUnsignedSaturate(Avx2.PackSignedSaturate(a, b), Avx2.PackSignedSaturate(c, d)).AsInt32(),
        Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsByte();
}
