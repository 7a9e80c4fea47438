namespace Quantization.Codebooks;

/// <summary>
/// Where quotients begin to reach a threshold: the values whose rounded quotient by a scale is at or above it are exactly those at or above
/// <c>boundary · scale</c>. So a comparison of the value itself decides as the quotient would, and nothing is divided.
/// </summary>
/// <remarks>
/// A quotient is rounded to the threshold or beyond from halfway between it and the float before, inclusive if the tie goes to it. Halfway
/// has 25 bits and a scale 24, so in double precision their product is exact. Where a tie goes to the float before, the boundary lies two
/// units in the last of 53 bits higher: above the product, and below whatever float comes next.
/// </remarks>
internal static class ThresholdBoundary
{
    /// <summary>Scales from 2⁻⁹⁰ to 2⁹⁰: quotients and products of a scale and what searches need neither overflow nor lose bits.</summary>
    public const float SmallestScale = 8.0779357E-28f;

    /// <inheritdoc cref="SmallestScale"/>
    public const float LargestScale = 1.2379401E+27f;

    /// <summary>The boundary of a finite threshold. Zeros count in total order: +0 is not reached by −0.</summary>
    public static double Of(float threshold)
    {
        int key = TotalOrder.Key(threshold);
        if (key == 0)
        {
            return 0;
        }

        // Beyond the largest float, quotients are rounded as if the next power of two were a float.
        float before = TotalOrder.Value(key - 1);
        double halfway = ((float.IsInfinity(before) ? -Math.ScaleB(1, 128) : before) + threshold) / 2;
        bool tieReachesThreshold = (BitConverter.SingleToInt32Bits(threshold) & 1) == 0;
        return tieReachesThreshold ? halfway : Math.BitIncrement(Math.BitIncrement(halfway));
    }
}
