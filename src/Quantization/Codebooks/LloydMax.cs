namespace Quantization.Codebooks;

/// <summary>
/// Levels of least squared error for weighted values, by Lloyd's iteration on running sums: a round costs the same however many values
/// there are, but for a binary search.
/// </summary>
internal static class LloydMax
{
    /// <summary>Enough for 16 levels to come to rest; more levels are by then within a fraction of a percent of the least error.</summary>
    private const int MaxRounds = 10_000;

    /// <summary>Levels that move less than this share of the range are at rest.</summary>
    private const double Rest = 1e-10;

    /// <summary>
    /// The better of two local optima for two or more distinct points: from k-means++ seeding, and from equal steps over the range.
    /// </summary>
    public static float[] Learn(WeightedPoints points, int count, int seed)
    {
        if (points.Count <= count)
        {
            return ToLevels(points.Values);
        }

        double[] seeded = Seed(points, count, new SplitMix64((ulong)seed));
        double[] even = EqualSteps(points, count);
        Glide(points, seeded);
        Iterate(points, seeded);
        Iterate(points, even);
        return ToLevels(SquaredError(points, seeded) < SquaredError(points, even) ? seeded : even);
    }

    /// <summary>
    /// k-means++: each further level is drawn from the values with a probability proportional to the squared distance to the nearest level
    /// so far.
    /// </summary>
    private static double[] Seed(WeightedPoints points, int count, SplitMix64 random)
    {
        double[] levels = new double[count];
        double[] distances = new double[points.Count];
        Array.Fill(distances, double.PositiveInfinity);
        levels[0] = points.Values[Draw(points, null, random.NextDouble())];
        for (int i = 1; i < count; i++)
        {
            for (int p = 0; p < distances.Length; p++)
            {
                double distance = points.Values[p] - levels[i - 1];
                distances[p] = Math.Min(distances[p], distance * distance);
            }

            levels[i] = points.Values[Draw(points, distances, random.NextDouble())];
        }

        Array.Sort(levels);
        return levels;
    }

    /// <summary>The point at which the running sum of mass (times distance) reaches a share of the whole.</summary>
    private static int Draw(WeightedPoints points, double[]? distances, double share)
    {
        double total = 0;
        for (int p = 0; p < points.Count; p++)
        {
            total += points.Mass(p, p + 1) * (distances?[p] ?? 1);
        }

        double left = total * share;
        int drawn = 0;
        for (int p = 0; p < points.Count; p++)
        {
            double part = points.Mass(p, p + 1) * (distances?[p] ?? 1);
            drawn = part > 0 ? p : drawn;
            left -= part;
            if (left < 0)
            {
                break;
            }
        }

        return drawn;
    }

    /// <summary>The levels of the uniform codebook from the smallest to the largest value.</summary>
    private static double[] EqualSteps(WeightedPoints points, int count)
    {
        double[] levels = new double[count];
        double lowest = points.Values[0];
        double step = (points.Values[^1] - lowest) / (count - 1);
        for (int i = 0; i < count; i++)
        {
            levels[i] = lowest + i * step;
        }

        return levels;
    }

    /// <summary>
    /// Lloyd's iteration on values smeared over their surroundings. A threshold that moves by less than the distance between values moves
    /// no value to another cell, so the iteration proper stands still before the optimum; here it goes on.
    /// </summary>
    private static void Glide(WeightedPoints points, double[] levels)
    {
        double rest = Rest * (points.Values[^1] - points.Values[0]);
        double moved = double.PositiveInfinity;
        for (int round = 0; round < MaxRounds && moved > rest; round++)
        {
            moved = 0;
            (double Mass, double Moment) start = default;
            for (int i = 0; i < levels.Length; i++)
            {
                (double Mass, double Moment) end = points.Below(
                    i + 1 < levels.Length ? (levels[i] + levels[i + 1]) / 2 : points.Values[^1]);
                double mass = end.Mass - start.Mass;
                if (mass > 0)
                {
                    double mean = Math.Clamp(
                        (end.Moment - start.Moment) / mass,
                        i > 0 ? levels[i - 1] : double.NegativeInfinity,
                        i + 1 < levels.Length ? levels[i + 1] : double.PositiveInfinity);
                    moved = Math.Max(moved, Math.Abs(mean - levels[i]));
                    levels[i] = mean;
                }

                start = end;
            }
        }
    }

    /// <summary>
    /// Moves each level to the mean of the values nearest to it, until none moves. A level without values goes where it removes most of the
    /// error.
    /// </summary>
    private static void Iterate(WeightedPoints points, double[] levels)
    {
        double rest = Rest * (points.Values[^1] - points.Values[0]);
        for (int round = 0; round < MaxRounds; round++)
        {
            double moved = 0;
            int vacant = -1;
            for (int i = 0, start = 0; i < levels.Length; i++)
            {
                int end = i + 1 < levels.Length ? points.IndexOf((levels[i] + levels[i + 1]) / 2) : points.Count;
                if (end <= start)
                {
                    vacant = i;
                    continue;
                }

                double mean = points.Mean(start, end);
                moved = Math.Max(moved, Math.Abs(mean - levels[i]));
                levels[i] = mean;
                start = end;
            }

            if (vacant >= 0)
            {
                FillVacancy(points, levels, vacant);
            }
            else if (moved <= rest)
            {
                return;
            }
        }
    }

    /// <summary>Gives a level without values to the worst cell: its largest value becomes a level.</summary>
    private static void FillVacancy(WeightedPoints points, double[] levels, int vacant)
    {
        double worst = -1;
        (int Start, int End) cell = default;
        for (int i = 0, start = 0; i < levels.Length; i++)
        {
            int end = i + 1 < levels.Length ? points.IndexOf((levels[i] + levels[i + 1]) / 2) : points.Count;
            double error = Math.Max(points.SquaredError(start, end, levels[i]), 0);
            if (end - start > 1 && error > worst)
            {
                (worst, cell) = (error, (start, end));
            }

            start = Math.Max(start, end);
        }

        levels[vacant] = points.Values[cell.End - 1];
        Array.Sort(levels);
    }

    private static double SquaredError(WeightedPoints points, double[] levels)
    {
        double sum = 0;
        for (int i = 0, start = 0; i < levels.Length; i++)
        {
            int end = i + 1 < levels.Length ? points.IndexOf((levels[i] + levels[i + 1]) / 2) : points.Count;
            sum += points.SquaredError(start, end, levels[i]);
            start = end;
        }

        return sum;
    }

    /// <summary>Rounded to float; levels that fall together are one.</summary>
    private static float[] ToLevels(ReadOnlySpan<double> levels)
    {
        List<float> distinct = new(levels.Length);
        foreach (double level in levels)
        {
            if (distinct.Count == 0 || (float)level > distinct[^1])
            {
                distinct.Add((float)level);
            }
        }

        return [.. distinct];
    }
}
