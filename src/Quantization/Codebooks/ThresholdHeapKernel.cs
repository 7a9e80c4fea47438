using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Quantization.Kernels.Simd;

namespace Quantization.Codebooks;

/// <summary>
/// Quantizes by a <see cref="ThresholdHeap"/> in vectors of 256 bits: thresholds are multiplied by the scales, and nothing is divided.
/// </summary>
[SkipLocalsInit]
internal static unsafe class ThresholdHeapKernel
{
    private const int Step = 32;

    /// <summary>How many scales' thresholds are prepared at a time: 4 KB of them.</summary>
    private const int RowsAtATime = 64;

    private const int CacheLine = 64;

    public static bool IsSupported => Simd256.IsSupported;

    /// <summary>
    /// Writes the code of each <c>values[i] / scale</c>; NaN counts as 0. Codes may overwrite the values from their start.
    /// </summary>
    /// <param name="heap">The thresholds.</param>
    /// <param name="values">The first value.</param>
    /// <param name="scales">Where a scale is found for each value.</param>
    /// <param name="codes">Receives one code per byte.</param>
    /// <param name="count">How many values.</param>
    /// <returns>How many were quantized: whole steps of 32, and none from where a scale is too small or too large.</returns>
    public static nint Quantize(ThresholdHeap heap, float* values, ScaleRuns scales, byte* codes, nint count)
    {
        byte* memory = stackalloc byte[RowsAtATime * ThresholdHeap.Length * sizeof(float) + CacheLine];
        float* thresholds = (float*)(memory + (-(nint)memory & (CacheLine - 1)));
        nint whole = count - count % Step;
        nint done = 0;
        while (done < whole)
        {
            ScaleRuns rest = scales.Skip(done);
            nint length = Math.Min(whole - done, rest.LengthOf(RowsAtATime) / Step * Step);
            if (!TryFill(heap, rest, length, thresholds))
            {
                break;
            }

            QuantizeWhole(heap, values + done, rest, thresholds, codes + done, length);
            done += length;
        }

        return done;
    }

    /// <summary>Scales the thresholds for each stretch of equal scale; false where a scale is too small or too large.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryFill(ThresholdHeap heap, ScaleRuns scales, nint count, float* thresholds)
    {
        float* stretchScales = scales.First;
        nint stretches = scales.StretchOf(count - 1) + 1;
        fixed (double* boundaries = heap.Boundaries)
        {
            for (nint row = 0; row < stretches; row++)
            {
                float scale = stretchScales[row];
                if (scale is < ThresholdBoundary.SmallestScale or > ThresholdBoundary.LargestScale)
                {
                    return false;
                }

                Vector256<double> factor = Vector256.Create((double)scale);
                for (int i = 0; i < ThresholdHeap.Length; i += 4)
                {
                    RoundUp(Vector256.Load(boundaries + i) * factor).Store(thresholds + row * ThresholdHeap.Length + i);
                }
            }
        }

        return true;
    }

    /// <summary>The smallest floats that are not below the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> RoundUp(Vector256<double> values)
    {
        Vector128<float> nearest = Avx.ConvertToVector128Single(values);
        Vector256<double> isBelow = Vector256.LessThan(Avx.ConvertToVector256Double(nearest), values);

        // The next float above has the next larger bits, or for negative ones the next smaller.
        Vector128<int> step = (nearest.AsInt32() >> 31) | Vector128<int>.One;
        return (nearest.AsInt32() + (step & Vector256.Narrow(isBelow.AsInt64(), isBelow.AsInt64()).GetLower())).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizeWhole(ThresholdHeap heap, float* values, ScaleRuns scales, float* thresholds, byte* codes, nint count)
    {
        Vector256<byte> codesByPath = Vector256.Create(Vector128.Create<byte>(heap.Codes));
        for (nint i = 0; i < count; i += Step)
        {
            Vector256<int> a = NumberOf(values + i, thresholds + scales.StretchOf(i) * ThresholdHeap.Length);
            Vector256<int> b = NumberOf(values + i + 8, thresholds + scales.StretchOf(i + 8) * ThresholdHeap.Length);
            Vector256<int> c = NumberOf(values + i + 16, thresholds + scales.StretchOf(i + 16) * ThresholdHeap.Length);
            Vector256<int> d = NumberOf(values + i + 24, thresholds + scales.StretchOf(i + 24) * ThresholdHeap.Length);

            // The shuffle looks at the low four bits of a number: its path.
            Avx2.Shuffle(codesByPath, LanePacking.ToBytes(a, b, c, d)).Store(codes + i);
        }
    }

    /// <summary>Walks down the heap. Comparisons give −1 where a value reaches its threshold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> NumberOf(float* values, float* thresholds)
    {
        Vector256<float> value = Vector256.Load(values);
        value &= Vector256.Equals(value, value);
        Vector256<float> upper = Vector256.Load(thresholds);
        Vector256<int> number = Vector256.Create(2) - Vector256.GreaterThanOrEqual(value, Vector256.Create(thresholds[1])).AsInt32();
        number = number + number - Vector256.GreaterThanOrEqual(value, Avx2.PermuteVar8x32(upper, number)).AsInt32();
        number = number + number - Vector256.GreaterThanOrEqual(value, Avx2.PermuteVar8x32(upper, number)).AsInt32();
        return number + number - Vector256.GreaterThanOrEqual(value, Avx2.PermuteVar8x32(Vector256.Load(thresholds + 8), number)).AsInt32();
    }
}
