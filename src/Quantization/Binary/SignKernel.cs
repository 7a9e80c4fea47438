using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Quantization.Binary;

/// <summary>One bit per value: which side of an offset it lies on; and back. Eight values make a byte.</summary>
internal static unsafe class SignKernel
{
    private const int ValuesPerByte = 8;

    /// <summary>Sets a bit for each value at or above its offset, the first value's in the lowest place.</summary>
    /// <param name="values">The values.</param>
    /// <param name="offsets">As many offsets; null where all are 0.</param>
    /// <param name="count">How many values.</param>
    /// <param name="bits">Receives the bits; those behind the last value are 0.</param>
    /// <returns>
    /// Σ|value − offset| in double precision, in eight sums whatever the vectors' width; not finite where a value is not.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Quantize(float* values, float* offsets, nint count, byte* bits)
    {
        Vector256<double> lowerSums = Vector256<double>.Zero;
        Vector256<double> upperSums = Vector256<double>.Zero;
        nint i = 0;
        for (; i <= count - ValuesPerByte; i += ValuesPerByte)
        {
            Vector256<float> x = Vector256.Load(values + i);
            Vector256<float> offset = offsets is null ? Vector256<float>.Zero : Vector256.Load(offsets + i);
            (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(x);
            (Vector256<double> lowerOffset, Vector256<double> upperOffset) = Vector256.Widen(offset);
            lowerSums += Vector256.Abs(lower - lowerOffset);
            upperSums += Vector256.Abs(upper - upperOffset);
            bits[i / ValuesPerByte] = (byte)Vector256.GreaterThanOrEqual(x, offset).ExtractMostSignificantBits();
        }

        double rest = 0;
        int lastBits = 0;
        for (int place = 0; i < count; i++, place++)
        {
            float offset = offsets is null ? 0 : offsets[i];
            rest += Math.Abs((double)values[i] - offset);
            lastBits |= values[i] >= offset ? 1 << place : 0;
        }

        if (count % ValuesPerByte != 0)
        {
            bits[count / ValuesPerByte] = (byte)lastBits;
        }

        Vector256<double> sums = lowerSums + upperSums;
        return sums[0] + sums[1] + (sums[2] + sums[3]) + rest;
    }

    /// <summary>Writes <c>offset + scale</c> for each bit that is set and <c>offset − scale</c> for others.</summary>
    /// <param name="bits">The bits.</param>
    /// <param name="scale">The distance from the offset.</param>
    /// <param name="offsets">As many offsets as values; null where all are 0.</param>
    /// <param name="count">How many values.</param>
    /// <param name="values">Receives the values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(byte* bits, float scale, float* offsets, nint count, float* values)
    {
        Vector256<int> places = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        Vector256<float> above = Vector256.Create(scale);
        Vector256<float> below = Vector256.Create(-scale);
        nint i = 0;
        for (; i <= count - ValuesPerByte; i += ValuesPerByte)
        {
            Vector256<int> isSet = Vector256.Equals(Vector256.Create((int)bits[i / ValuesPerByte]) & places, places);
            Vector256<float> signed = Vector256.ConditionalSelect(isSet.AsSingle(), above, below);
            (offsets is null ? signed : Vector256.Load(offsets + i) + signed).Store(values + i);
        }

        for (; i < count; i++)
        {
            float signed = (bits[i / ValuesPerByte] >> (int)(i % ValuesPerByte) & 1) != 0 ? scale : -scale;
            values[i] = offsets is null ? signed : offsets[i] + signed;
        }
    }
}
