using System.Numerics;

namespace Quantization.Oracles;

/// <summary>
/// Quotients of floats by integer arithmetic, and from them the exact places where codes change: the reference of the numeric contract.
/// </summary>
public static class ExactQuotient
{
    /// <summary>value / scale rounded to the nearest float, ties to even; both finite, scale positive.</summary>
    public static float Of(float value, float scale)
    {
        if (value == 0)
        {
            return value;
        }

        (BigInteger numerator, int numeratorExponent) = Decompose(MathF.Abs(value));
        (BigInteger denominator, int denominatorExponent) = Decompose(scale);

        // At least 30 bits of the quotient; a remainder only has to be seen, so it sets one bit below them.
        const int Shift = 64;
        BigInteger quotient = BigInteger.DivRem(numerator << Shift, denominator, out BigInteger remainder);
        int exponent = numeratorExponent - denominatorExponent - Shift;
        int excess = (int)quotient.GetBitLength() - 40;
        BigInteger kept = quotient >> excess;
        bool sticky = !remainder.IsZero || kept << excess != quotient;
        double exact = (double)((kept << 1) | (sticky ? 1 : 0));
        float rounded = (float)Math.ScaleB(exact, exponent + excess - 1);
        return float.IsNegative(value) ? -rounded : rounded;
    }

    /// <summary>The code of a finite value.</summary>
    public static int Code(float value, float scale, int zeroPoint, int minCode, int maxCode) =>
        (int)Math.Clamp(Math.Round((double)Of(value, scale), MidpointRounding.ToEven) + zeroPoint, minCode, maxCode);

    /// <summary>
    /// The smallest float whose code is at least <paramref name="code"/>, found by bisection over the ordered floats; +∞ where there is
    /// none below it.
    /// </summary>
    public static float FirstWithCode(int code, float scale, int zeroPoint, int minCode, int maxCode)
    {
        long low = Order(float.MinValue);
        long high = Order(float.PositiveInfinity);
        while (low < high)
        {
            long middle = low + (high - low) / 2;
            if (Code(FromOrder(middle), scale, zeroPoint, minCode, maxCode) >= code)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return FromOrder(low);
    }

    private static long Order(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return bits >= 0 ? bits : int.MinValue - (long)bits;
    }

    private static float FromOrder(long order) => BitConverter.Int32BitsToSingle(order >= 0 ? (int)order : (int)(int.MinValue - order));

    private static (BigInteger Mantissa, int Exponent) Decompose(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        int exponent = bits >> 23;
        int mantissa = bits & 0x7FFFFF;
        return exponent == 0 ? (mantissa, -149) : (mantissa | 0x800000, exponent - 150);
    }
}
