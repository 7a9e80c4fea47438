namespace Quantization.Codebooks;

/// <summary>Quantiles of the standard normal distribution, and the NormalFloat levels made of them.</summary>
internal static class NormalQuantiles
{
    /// <summary>The levels of NormalFloat: equally spaced probabilities on each side of 0, divided by the largest.</summary>
    public static float[] Levels(int bits)
    {
        int codes = 1 << bits;
        int above = codes / 2;
        double outermost = 1 - (1.0 / (2 * codes) + 1.0 / (2 * (codes - 1))) / 2;
        double largest = Quantile(outermost);
        float[] levels = new float[codes];
        for (int i = 1; i <= above; i++)
        {
            levels[above - 1 + i] = (float)(Quantile(0.5 + (outermost - 0.5) * i / above) / largest);
        }

        for (int i = 1; i < above; i++)
        {
            levels[above - 1 - i] = -(float)(Quantile(0.5 + (outermost - 0.5) * i / (above - 1)) / largest);
        }

        return levels;
    }

    /// <summary>The x ≥ 0 below which a share <paramref name="probability"/> ≥ ½ of the distribution lies.</summary>
    /// <remarks>
    /// Newton's iteration from 0: the distribution function is concave there, so the tangent never passes the root and x rises until it
    /// stands still.
    /// </remarks>
    public static double Quantile(double probability)
    {
        double x = 0;
        while (true)
        {
            double next = x + (probability - Distribution(x)) / Density(x);
            if (!(next > x))
            {
                return x;
            }

            x = next;
        }
    }

    private static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>½ + φ(x) · (x + x³/3 + x⁵/(3·5) + …), all terms positive (Marsaglia, Evaluating the Normal Distribution, 2004).</summary>
    private static double Distribution(double x)
    {
        double sum = 0;
        double term = x;
        for (int odd = 3; sum + term > sum; odd += 2)
        {
            sum += term;
            term *= x * x / odd;
        }

        return 0.5 + sum * Density(x);
    }
}
