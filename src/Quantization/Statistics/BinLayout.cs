using System.Numerics;

namespace Quantization;

/// <summary>
/// Where a magnitude falls: bin <c>floor(|x| / 2^k)</c>, with the smallest k that puts the largest magnitude seen into the last bin or
/// before it.
/// </summary>
internal static class BinLayout
{
    /// <summary>2⁻¹⁴⁹ divides every float, so no bin need be narrower.</summary>
    public const int SmallestExponent = -149;

    public const int FewestBins = 16;

    public const int MostBins = 65536;

    public static void ThrowUnlessBinCount(int binsPerSign, string parameter)
    {
        if (!IsBinCount(binsPerSign))
        {
            throw new ArgumentOutOfRangeException(
                parameter, binsPerSign, $"The number of bins per sign must be a power of two from {FewestBins} to {MostBins}.");
        }
    }

    public static bool IsBinCount(int binsPerSign) => binsPerSign is >= FewestBins and <= MostBins && BitOperations.IsPow2(binsPerSign);

    /// <summary>
    /// The smallest k ≥ −149 with <c>maxMagnitude &lt; binsPerSign · 2^k</c>. It depends on the largest magnitude alone, which is what
    /// makes the state independent of order.
    /// </summary>
    public static int ExponentFor(float maxMagnitude, int binsPerSign) =>
        maxMagnitude == 0
            ? SmallestExponent
            : Math.Max(SmallestExponent, Math.ILogB(maxMagnitude) + 1 - BitOperations.Log2((uint)binsPerSign));

    /// <summary>The bin of a finite magnitude that fits; exact, as 2^k is a power of two and doubles hold every quotient.</summary>
    public static int IndexOf(float magnitude, int exponent) => (int)Math.ScaleB(magnitude, -exponent);
}
