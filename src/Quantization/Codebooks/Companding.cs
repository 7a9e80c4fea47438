namespace Quantization.Codebooks;

/// <summary>
/// An odd, rising map of −1 … 1 onto itself, given by its inverse for y ≥ 0: equal steps of y become the steps of the codebook.
/// </summary>
internal sealed class Companding(Func<double, double> expand)
{
    /// <summary>No compression.</summary>
    public static Companding Linear { get; } = new(y => y);

    /// <summary>The inverse of <c>ln(1 + µx) / ln(1 + µ)</c>.</summary>
    public static Companding MuLaw(double mu)
    {
        double logarithm = double.LogP1(mu);
        return new(y => double.ExpM1(y * logarithm) / mu);
    }

    /// <summary>The inverse of <c>Ax / (1 + ln A)</c> below 1/A, <c>(1 + ln(Ax)) / (1 + ln A)</c> above.</summary>
    public static Companding ALaw(double a)
    {
        double denominator = 1 + Math.Log(a);
        return new(y => y < 1 / denominator ? y * denominator / a : Math.Exp(y * denominator - 1) / a);
    }

    /// <summary>
    /// Levels at equal steps of y from −1 to 1, and thresholds halfway between them, expanded and stretched to ±<paramref name="extent"/>.
    /// </summary>
    public Codebook ToCodebook(int levels, double extent)
    {
        float[] thresholds = new float[levels - 1];
        float[] values = new float[levels];
        for (int i = 0; i < levels; i++)
        {
            values[i] = (float)(Expand((2.0 * i - (levels - 1)) / (levels - 1)) * extent);
        }

        for (int i = 0; i < thresholds.Length; i++)
        {
            thresholds[i] = (float)(Expand((2.0 * i + 1 - (levels - 1)) / (levels - 1)) * extent);
        }

        return new Codebook(thresholds, values);
    }

    private double Expand(double y) => Math.CopySign(expand(Math.Abs(y)), y);
}
