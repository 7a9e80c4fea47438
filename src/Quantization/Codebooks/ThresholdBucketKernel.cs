using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Codebooks;

/// <summary>
/// Quantizes by <see cref="ThresholdBuckets"/>: thresholds are multiplied by the scales, values are compared with them as they are.
/// </summary>
[SkipLocalsInit]
internal static unsafe class ThresholdBucketKernel
{
    private const int Step = 64;

    /// <summary>How many scales' thresholds are prepared at a time: 4 KB of them.</summary>
    private const int RowsAtATime = 32;

    private const int CacheLine = 64;

    /// <summary>Adding it rounds to an integer, which then stands in the low bits.</summary>
    private const float RoundingBias = 12582912;

    /// <summary>The control of vrange: the operand of smaller magnitude (2), with the sign of the first (0 in the bits above).</summary>
    private const byte SmallerMagnitude = 2;

    /// <summary>
    /// The table of vfixupimm: quiet and signalling NaN (tokens 0 and 1) answer +0 (response 8), others keep their value (response 0).
    /// </summary>
    private const int NaNBecomesZero = 0x88;

    /// <summary>Whether the processor can look bytes up among 64, and floats among 32.</summary>
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512DQ.IsSupported && Avx512Vbmi.IsSupported;

    /// <summary>
    /// Writes the code of each <c>values[i] / scale</c>; NaN counts as 0. Codes may overwrite the values from their start.
    /// </summary>
    /// <param name="buckets">The buckets.</param>
    /// <param name="values">The first value.</param>
    /// <param name="scales">Where a scale is found for each value.</param>
    /// <param name="codes">Receives one code per byte.</param>
    /// <param name="count">How many values.</param>
    /// <returns>How many were quantized: whole steps of 64, and none from where a scale is too small or too large.</returns>
    public static nint Quantize(ThresholdBuckets buckets, float* values, ScaleRuns scales, byte* codes, nint count)
    {
        // Rows begin at cache lines, as each is read in two loads of one.
        byte* memory = stackalloc byte[RowsAtATime * ThresholdBuckets.TableLength * sizeof(float) + CacheLine];
        float* thresholds = (float*)(memory + (-(nint)memory & (CacheLine - 1)));
        float* slopes = stackalloc float[RowsAtATime];
        nint whole = count - count % Step;
        nint done = 0;
        while (done < whole)
        {
            ScaleRuns rest = scales.Skip(done);
            nint length = Math.Min(whole - done, rest.LengthOf(RowsAtATime) / Step * Step);
            if (!TryFill(buckets, rest, length, thresholds, slopes))
            {
                break;
            }

            QuantizeWhole(buckets, values + done, rest, thresholds, slopes, codes + done, length);
            done += length;
        }

        return done;
    }

    /// <summary>Scales the thresholds for each stretch of equal scale; false where a scale is too small or too large.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryFill(ThresholdBuckets buckets, ScaleRuns scales, nint count, float* thresholds, float* slopes)
    {
        float* stretchScales = scales.First;
        nint stretches = scales.StretchOf(count - 1) + 1;
        fixed (double* boundaries = buckets.Boundaries)
        {
            Vector512<double> first = Vector512.Load(boundaries);
            Vector512<double> second = Vector512.Load(boundaries + 8);
            Vector512<double> third = Vector512.Load(boundaries + 16);
            Vector512<double> fourth = Vector512.Load(boundaries + 24);
            for (nint row = 0; row < stretches; row++)
            {
                float scale = stretchScales[row];
                if (scale is < ThresholdBoundary.SmallestScale or > ThresholdBoundary.LargestScale)
                {
                    return false;
                }

                slopes[row] = buckets.Slope / scale;
                Vector512<double> factor = Avx512F.ConvertToVector512Double(Vector256.Create(scale));
                float* rowThresholds = thresholds + row * ThresholdBuckets.TableLength;
                Avx512F.ConvertToVector256Single(first * factor, FloatRoundingMode.ToPositiveInfinity).Store(rowThresholds);
                Avx512F.ConvertToVector256Single(second * factor, FloatRoundingMode.ToPositiveInfinity).Store(rowThresholds + 8);
                Avx512F.ConvertToVector256Single(third * factor, FloatRoundingMode.ToPositiveInfinity).Store(rowThresholds + 16);
                Avx512F.ConvertToVector256Single(fourth * factor, FloatRoundingMode.ToPositiveInfinity).Store(rowThresholds + 24);
            }
        }

        return true;
    }

    /// <summary>The four vectors of a step go side by side, so that none waits for the results of another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizeWhole(
        ThresholdBuckets buckets, float* values, ScaleRuns scales, float* thresholds, float* slopes, byte* codes, nint count)
    {
        Vector512<float> offset = Vector512.Create(buckets.Offset);
        Vector512<byte> codesByPath = Vector512.Create<byte>(buckets.Codes);
        for (nint i = 0; i < count; i += Step)
        {
            nint rowA = scales.StretchOf(i);
            nint rowB = scales.StretchOf(i + 16);
            nint rowC = scales.StretchOf(i + 32);
            nint rowD = scales.StretchOf(i + 48);
            Vector512<float> a = Load(values + i);
            Vector512<float> b = Load(values + i + 16);
            Vector512<float> c = Load(values + i + 32);
            Vector512<float> d = Load(values + i + 48);
            Vector512<int> bucketA = BucketOf(a, slopes + rowA, offset);
            Vector512<int> bucketB = BucketOf(b, slopes + rowB, offset);
            Vector512<int> bucketC = BucketOf(c, slopes + rowC, offset);
            Vector512<int> bucketD = BucketOf(d, slopes + rowD, offset);
            a -= ThresholdOf(bucketA, thresholds + rowA * ThresholdBuckets.TableLength);
            b -= ThresholdOf(bucketB, thresholds + rowB * ThresholdBuckets.TableLength);
            c -= ThresholdOf(bucketC, thresholds + rowC * ThresholdBuckets.TableLength);
            d -= ThresholdOf(bucketD, thresholds + rowD * ThresholdBuckets.TableLength);
            Vector512<byte> paths = LanePacking.ToBytes(PathOf(bucketA, a), PathOf(bucketB, b), PathOf(bucketC, c), PathOf(bucketD, d));
            Avx512Vbmi.PermuteVar64x8(codesByPath, paths).Store(codes + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(float* values)
    {
        Vector512<float> lanes = Vector512.Load(values);
        return Avx512F.Fixup(lanes, lanes, Vector512.Create(NaNBecomesZero), 0);
    }

    /// <summary>The number of each value's bucket in the low bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> BucketOf(Vector512<float> values, float* slope, Vector512<float> offset)
    {
        Vector512<float> places = Avx512F.FusedMultiplySubtract(values, Vector512.Create(*slope), offset);
        return (Avx512DQ.Range(places, Vector512.Create(ThresholdBuckets.Outermost), SmallerMagnitude) + Vector512.Create(RoundingBias))
            .AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ThresholdOf(Vector512<int> buckets, float* thresholds) =>
        Avx512F.PermuteVar16x32x2(Vector512.Load(thresholds), buckets, Vector512.Load(thresholds + Vector512<float>.Count));

    /// <summary>
    /// Five bits of the bucket, and above them the sign of the value's difference from the threshold, which says whether it lies below.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> PathOf(Vector512<int> buckets, Vector512<float> differences) =>
        Vector512.ConditionalSelect(Vector512.Create(ThresholdBuckets.TableLength - 1), buckets, differences.AsInt32() >>> 26);
}
