namespace Quantization.Kernels;

/// <summary>
/// One affine mapping as the kernels compute it. Quotients of values and <see cref="Divisor"/> are those of values and <see cref="Scale"/>:
/// they are the same number, except that extreme scales are divided after both have been multiplied by the power of two
/// <see cref="Prescale"/>, which keeps the reciprocal and the remainder of the quotient inside the exponent range.
/// </summary>
internal readonly struct MappingParameters
{
    /// <summary>
    /// Scales from 2⁻⁹⁰ to 2⁹⁰ need no prescaling: remainders of quotients around a half are exact, and products with codes of 17 bits stay
    /// finite.
    /// </summary>
    private const float SmallestPlainScale = 8.0779357E-28f;
    private const float LargestPlainScale = 1.2379401E+27f;

    public MappingParameters(float scale, int zeroPoint, CodeFormat format)
    {
        Scale = scale;
        ZeroPoint = zeroPoint;
        ZeroPointBytes = (byte)zeroPoint * 0x01010101;
        Divisor = scale * Prescale;
        Reciprocal = 1 / Divisor;
        ReciprocalError = (float)(1.0 / Divisor - Reciprocal);

        // Rounding the products moves them by far less than half a code, so they still have the outermost codes; what lies beyond saturates
        // to the same.
        Low = (float)((format.MinCode - (double)zeroPoint) * Divisor);
        High = (float)((format.MaxCode - (double)zeroPoint) * Divisor);
    }

    public float Scale { get; }

    public float Divisor { get; }

    public float Reciprocal { get; }

    /// <summary>What <see cref="Reciprocal"/> lacks of the reciprocal: together they have 48 bits.</summary>
    public float ReciprocalError { get; }

    public float Low { get; }

    public float High { get; }

    public int ZeroPoint { get; }

    /// <summary>The low byte of the zero-point, four times: sums of 8-bit codes are taken modulo 256.</summary>
    public int ZeroPointBytes { get; }

    public float Prescale =>
        Scale is >= SmallestPlainScale and <= LargestPlainScale ? 1 : MathF.ScaleB(1, Math.Clamp(-MathF.ILogB(Scale), -126, 127));
}
