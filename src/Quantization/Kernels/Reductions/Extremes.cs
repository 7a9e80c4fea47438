using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Smallest, largest and largest-by-magnitude of values in memory.</summary>
internal static unsafe class Extremes
{
    /// <summary>The smallest and largest of at least one value; both NaN where there is a NaN. Zero is +0.</summary>
    public static (float Min, float Max) MinMax(float* source, nint count)
    {
        (float Min, float Max) result;
        Width.Invoke(new MinMaxAction(source, count, &result));
        return result;
    }

    /// <summary>The largest magnitude of at least one value; NaN where there is a NaN.</summary>
    public static float MaxMagnitude(float* source, nint count)
    {
        float result;
        Width.Invoke(new MaxMagnitudeAction(source, count, &result));
        return result;
    }

    private static int Largest<TInts>(TInts lanes)
        where TInts : unmanaged
    {
        int* values = (int*)&lanes;
        int largest = *values;
        for (int i = 1; i < sizeof(TInts) / sizeof(int); i++)
        {
            largest = Math.Max(largest, values[i]);
        }

        return largest;
    }

    private readonly struct MinMaxAction(float* source, nint count, (float Min, float Max)* result) : IWidthAction
    {
        public void Invoke<TSimd, TFloats, TInts>()
            where TSimd : struct, ISimd<TFloats, TInts>
            where TFloats : unmanaged
            where TInts : unmanaged
        {
            var extremes = ReductionDriver.Run<TSimd, TFloats, TInts, ExtremesReduction<TSimd, TFloats, TInts>>(source, count);
            if (float.IsNaN(BitConverter.Int32BitsToSingle(Largest(extremes.Magnitude))))
            {
                *result = (float.NaN, float.NaN);
                return;
            }

            TFloats mins = extremes.Min;
            TFloats maxs = extremes.Max;
            float min = *(float*)&mins;
            float max = *(float*)&maxs;
            for (int i = 1; i < TSimd.Count; i++)
            {
                min = MathF.Min(min, ((float*)&mins)[i]);
                max = MathF.Max(max, ((float*)&maxs)[i]);
            }

            // Which zero the lanes kept depends on their number; the sum makes it +0.
            *result = (min + 0f, max + 0f);
        }
    }

    private readonly struct MaxMagnitudeAction(float* source, nint count, float* result) : IWidthAction
    {
        public void Invoke<TSimd, TFloats, TInts>()
            where TSimd : struct, ISimd<TFloats, TInts>
            where TFloats : unmanaged
            where TInts : unmanaged
        {
            int bits = Largest(
                ReductionDriver.Run<TSimd, TFloats, TInts, MagnitudeReduction<TSimd, TFloats, TInts>>(source, count).Magnitude);
            float magnitude = BitConverter.Int32BitsToSingle(bits);
            *result = float.IsNaN(magnitude) ? float.NaN : magnitude;
        }
    }
}
