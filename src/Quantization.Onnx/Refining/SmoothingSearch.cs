namespace Quantization.Onnx;

/// <summary>
/// Searches the factors of an input's columns that bring the least noise. Two families are tried: those of SmoothQuant,
/// <c>|x|^α / |w|^(1−α)</c>, and the factors that would be best if steps stayed as they are, cut so that neither the input nor the weights
/// reach beyond a bound.
/// </summary>
internal static class SmoothingSearch
{
    /// <summary>The exponents α that are tried are this far apart, from 0 to 1.</summary>
    private const int Powers = 20;

    /// <summary>How many bounds of the input and of the weights are tried, and how far apart they are in logarithms to base 2.</summary>
    private const int Bounds = 9;

    private const double BoundStep = 0.75;

    /// <summary>So many of the factors are rounded to powers of two, in each of several ways.</summary>
    private const int Rounded = 4;

    /// <summary>Larger exponents are cut off: what a few samples do not show could lie beyond the range.</summary>
    private const int MaxDoublings = 12;

    private static readonly double[] Offsets = [0, 0.25, 0.5, 0.75];

    /// <summary>Finds the exponents of the factors.</summary>
    /// <param name="problem">What is known of the input and its weights.</param>
    /// <param name="worth">The noise must fall to this share of what it is without factors.</param>
    /// <returns>Null where factors are not worth it.</returns>
    public static int[]? Find(SmoothingProblem problem, double worth)
    {
        double least = worth * problem.NoiseOf([.. problem.Balance.Select(_ => 1f)]);
        int[]? best = null;
        foreach (double[] logarithms in Candidates(problem)
            .Select(each => (Logarithms: each, Noise: problem.NoiseOf([.. each.Select(log => (float)Math.Pow(2, log))])))
            .OrderBy(each => each.Noise).Take(Rounded).Select(each => each.Logarithms))
        {
            foreach (double offset in Offsets)
            {
                int[] exponents = Round(logarithms, offset);
                double noise = problem.NoiseOf([.. exponents.Select(exponent => MathF.ScaleB(1, exponent))]);
                if (noise < least)
                {
                    (least, best) = (noise, exponents);
                }
            }
        }

        return best is null ? null : Centre(SmoothingDescent.Improve(problem, best));
    }

    private static int[] Round(double[] logarithms, double offset) =>
        Centre([.. logarithms.Select(each => (int)Math.Round(each + offset))]);

    /// <summary>A factor that all columns share changes nothing, so half of the columns lie on each side of 1.</summary>
    private static int[] Centre(int[] exponents)
    {
        int middle = exponents.Order().ElementAt(exponents.Length / 2);
        return [.. exponents.Select(exponent => Math.Clamp(exponent - middle, -MaxDoublings, MaxDoublings))];
    }

    private static IEnumerable<double[]> Candidates(SmoothingProblem problem)
    {
        for (int i = 0; i <= Powers; i++)
        {
            double power = (double)i / Powers;
            yield return [.. problem.InputReach.Zip(problem.WeightReach, (input, weight) => power * input - (1 - power) * weight)];
        }

        double[] balance = problem.Balance;
        double mostInput = problem.InputReach.Zip(balance, (input, factor) => input - factor).Max();
        double mostWeight = problem.WeightReach.Zip(balance, (weight, factor) => weight + factor).Max();
        for (int i = 0; i < Bounds * Bounds; i++)
        {
            double input = mostInput - i / Bounds * BoundStep, weight = mostWeight - i % Bounds * BoundStep;
            yield return
            [
                .. balance.Select((factor, column) => Math.Max(
                    Math.Min(factor, weight - problem.WeightReach[column]), problem.InputReach[column] - input)),
            ];
        }
    }
}
