using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Codebooks;

/// <summary>Dequantizes: looks the level of each code up and multiplies it by the scale.</summary>
internal static unsafe class LevelKernel
{
    /// <summary>The levels that fit into registers.</summary>
    public const int SmallTable = 16;

    /// <summary>Writes <c>levels[codes[i]] · scales[i]</c>, rounded to float.</summary>
    /// <param name="levels">256 levels.</param>
    /// <param name="maxCode">The largest code that occurs.</param>
    /// <param name="codes">The codes, one per byte.</param>
    /// <param name="scales">The scales.</param>
    /// <param name="values">Receives the values.</param>
    /// <param name="count">How many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(float* levels, int maxCode, byte* codes, ScaleRuns scales, float* values, nint count)
    {
        nint i = 0;
        if (maxCode < SmallTable && Vector512.IsHardwareAccelerated)
        {
            Vector512<float> table = Vector512.Load(levels);
            for (; i <= count - Vector512<float>.Count; i += Vector512<float>.Count)
            {
                (Avx512F.PermuteVar16x32(table, Avx512F.ConvertToVector512Int32(Vector128.Load(codes + i))) * Vector512.Create(scales[i]))
                    .Store(values + i);
            }
        }
        else if (maxCode < SmallTable && Avx2.IsSupported)
        {
            Vector256<float> lower = Vector256.Load(levels);
            Vector256<float> upper = Vector256.Load(levels + Vector256<float>.Count);
            for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                // The permutes look at the low three bits; the fourth moves to the sign, which the blend looks at.
                Vector256<int> index = Avx2.ConvertToVector256Int32(codes + i);
                Vector256<float> level = Avx.BlendVariable(
                    Avx2.PermuteVar8x32(lower, index), Avx2.PermuteVar8x32(upper, index), (index << 28).AsSingle());
                (level * Vector256.Create(scales[i])).Store(values + i);
            }
        }

        for (; i < count; i++)
        {
            values[i] = levels[codes[i]] * scales[i];
        }
    }
}
