namespace Quantization.Codebooks;

/// <summary>
/// Orders all floats by an integer key, as IEEE 754 totalOrder does: −NaN &lt; −∞ &lt; … &lt; −0 &lt; +0 &lt; … &lt; +∞ &lt; +NaN. Code
/// books compare keys, so that NaN and the two zeros have a place like any other value and every vector width decides alike.
/// </summary>
internal static class TotalOrder
{
    /// <summary>The key of −∞; smaller keys are NaN with the sign bit set.</summary>
    public static readonly int NegativeInfinity = Key(float.NegativeInfinity);

    /// <summary>The key of +∞; larger keys are NaN.</summary>
    public static readonly int PositiveInfinity = Key(float.PositiveInfinity);

    /// <summary>The key of −0.</summary>
    public static readonly int NegativeZero = Key(-0.0f);

    /// <summary>
    /// Negative floats are stored by sign and magnitude: inverting the magnitude bits makes larger values larger integers.
    /// </summary>
    public static int Key(float value) => Key(BitConverter.SingleToInt32Bits(value));

    /// <inheritdoc cref="Key(float)"/>
    public static int Key(int bits) => bits ^ (int)((uint)(bits >> 31) >> 1);

    /// <summary>The float of a key.</summary>
    public static float Value(int key) => BitConverter.Int32BitsToSingle(Key(key));
}
