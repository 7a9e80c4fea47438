using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Quantization.Onnx;

/// <summary>
/// Sums of products for matrices too large to multiply by hand: tiles of 4 by 16 sums stay in registers. Each sum adds its products in
/// order, so results do not depend on threads.
/// </summary>
internal static unsafe class TileKernel
{
    /// <summary>The rows of a tile.</summary>
    public const int Rows = 4;

    /// <summary>The columns of a tile.</summary>
    public const int Columns = 16;

    /// <summary>Adds <c>Σ a[t, r] · b[t, c]</c> over all t to a tile.</summary>
    /// <param name="a">Four values for each t, one behind another.</param>
    /// <param name="b">Sixteen values for each t.</param>
    /// <param name="stride">How far those of one t are from those of the next.</param>
    /// <param name="depth">The number of t.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="tileStride">How far its rows are apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* a, float* b, nint stride, int depth, float* tile, nint tileStride)
    {
        const int Half = Columns / 2;
        Vector256<float> c00 = Vector256.Load(tile), c01 = Vector256.Load(tile + Half);
        Vector256<float> c10 = Vector256.Load(tile + tileStride), c11 = Vector256.Load(tile + tileStride + Half);
        Vector256<float> c20 = Vector256.Load(tile + 2 * tileStride), c21 = Vector256.Load(tile + 2 * tileStride + Half);
        Vector256<float> c30 = Vector256.Load(tile + 3 * tileStride), c31 = Vector256.Load(tile + 3 * tileStride + Half);
        for (int t = 0; t < depth; t++, a += Rows, b += stride)
        {
            Vector256<float> left = Vector256.Load(b), right = Vector256.Load(b + Half);
            Vector256<float> factor = Vector256.Create(a[0]);
            c00 = Vector256.FusedMultiplyAdd(factor, left, c00);
            c01 = Vector256.FusedMultiplyAdd(factor, right, c01);
            factor = Vector256.Create(a[1]);
            c10 = Vector256.FusedMultiplyAdd(factor, left, c10);
            c11 = Vector256.FusedMultiplyAdd(factor, right, c11);
            factor = Vector256.Create(a[2]);
            c20 = Vector256.FusedMultiplyAdd(factor, left, c20);
            c21 = Vector256.FusedMultiplyAdd(factor, right, c21);
            factor = Vector256.Create(a[3]);
            c30 = Vector256.FusedMultiplyAdd(factor, left, c30);
            c31 = Vector256.FusedMultiplyAdd(factor, right, c31);
        }

        c00.Store(tile);
        c01.Store(tile + Half);
        c10.Store(tile + tileStride);
        c11.Store(tile + tileStride + Half);
        c20.Store(tile + 2 * tileStride);
        c21.Store(tile + 2 * tileStride + Half);
        c30.Store(tile + 3 * tileStride);
        c31.Store(tile + 3 * tileStride + Half);
    }
}
