namespace Quantization.Codebooks;

/// <summary>A floating-point format of at most 8 bits: sign, exponent, mantissa, with subnormals.</summary>
/// <param name="ExponentBits">The bits of the exponent.</param>
/// <param name="MantissaBits">The bits of the mantissa.</param>
/// <param name="Bias">What is subtracted from the exponent field.</param>
/// <param name="LargestFinite">The code of the largest finite value.</param>
/// <param name="NaN">The code that +NaN is given.</param>
/// <param name="HasInfinity">Whether the code after the largest finite one is ∞; otherwise it is NaN, or there is none.</param>
internal sealed record FloatFormat(int ExponentBits, int MantissaBits, int Bias, byte LargestFinite, byte NaN, bool HasInfinity)
{
    /// <summary>4 bits, neither infinity nor NaN.</summary>
    public static FloatFormat E2M1 { get; } = new(2, 1, 1, LargestFinite: 0x7, NaN: 0, HasInfinity: false);

    /// <summary>8 bits, one NaN per sign, no infinity.</summary>
    public static FloatFormat E4M3FN { get; } = new(4, 3, 7, LargestFinite: 0x7E, NaN: 0x7F, HasInfinity: false);

    /// <summary>8 bits, arranged as IEEE 754 does.</summary>
    public static FloatFormat E5M2 { get; } = new(5, 2, 15, LargestFinite: 0x7B, NaN: 0x7F, HasInfinity: true);

    private int SignBit => 1 << (ExponentBits + MantissaBits);

    private bool HasNaN => NaN > LargestFinite;

    /// <summary>The codebook of all finite values, −0 below +0, rounding to nearest with ties to the even code.</summary>
    public Codebook ToCodebook()
    {
        int perSign = LargestFinite + 1;
        float[] levels = new float[2 * perSign];
        byte[] codes = new byte[2 * perSign];
        for (int i = 0; i < perSign; i++)
        {
            codes[perSign + i] = (byte)i;
            codes[perSign - 1 - i] = (byte)(i | SignBit);
        }

        for (int i = 0; i < levels.Length; i++)
        {
            levels[i] = Decode(codes[i]);
        }

        float[] thresholds = new float[levels.Length - 1];
        for (int i = 0; i < thresholds.Length; i++)
        {
            // Halfway is exact in float. There the even code wins: the upper one as a codebook has it, or the lower one, if the upper cell
            // begins one float later. Between −0 and +0 begins +0.
            float halfway = (levels[i] + levels[i + 1]) / 2;
            bool isUpperEven = codes[i + 1] % 2 == 0;
            thresholds[i] = isUpperEven || halfway == 0 ? halfway : MathF.BitIncrement(halfway);
        }

        float[] table = new float[Codebook.MaxLevels];
        for (int code = 0; code < 2 * SignBit; code++)
        {
            table[code] = Decode((byte)code);
        }

        byte negativeNaN = HasNaN ? (byte)(NaN | SignBit) : NaN;
        return new Codebook(
            thresholds, levels, codes, CodebookCells.Create(Array.ConvertAll(thresholds, TotalOrder.Key), codes, negativeNaN, NaN, table));
    }

    /// <summary>What a code stands for.</summary>
    public float Decode(byte code)
    {
        int magnitude = code & (SignBit - 1);
        float sign = (code & SignBit) == 0 ? 1 : -1;
        if (magnitude > LargestFinite)
        {
            return HasInfinity && magnitude == LargestFinite + 1 ? sign * float.PositiveInfinity : MathF.CopySign(float.NaN, sign);
        }

        int exponent = magnitude >> MantissaBits;
        int mantissa = magnitude & ((1 << MantissaBits) - 1);
        int significand = exponent == 0 ? mantissa : mantissa | 1 << MantissaBits;
        return sign * MathF.ScaleB(significand, Math.Max(exponent, 1) - Bias - MantissaBits);
    }
}
