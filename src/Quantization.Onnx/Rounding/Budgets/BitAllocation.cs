namespace Quantization.Onnx;

/// <summary>Deals a budget out among matrices: again and again those bits are added that take the most error away for what they cost.</summary>
internal static class BitAllocation
{
    /// <summary>Chooses one of its choices for each matrix.</summary>
    /// <param name="layers">The choices of each matrix, the cheapest first.</param>
    /// <param name="budget">What all may cost together.</param>
    /// <returns>The place of the choice of each matrix; null where even the cheapest cost too much.</returns>
    public static int[]? Choose(IReadOnlyList<IReadOnlyList<BitChoice>> layers, double budget)
    {
        int[] chosen = new int[layers.Count];
        double left = budget - layers.Sum(choices => choices[0].Cost);
        while (left >= 0 && FindBest(layers, chosen, left) is (int layer, int choice))
        {
            left -= layers[layer][choice].Cost - layers[layer][chosen[layer]].Cost;
            chosen[layer] = choice;
        }

        return left >= 0 ? chosen : null;
    }

    /// <summary>The step with the most error taken away for its cost; of equal ones the first. Null where none fits or helps.</summary>
    private static (int Layer, int Choice)? FindBest(IReadOnlyList<IReadOnlyList<BitChoice>> layers, int[] chosen, double left)
    {
        (int, int)? best = null;
        double most = 0;
        for (int layer = 0; layer < layers.Count; layer++)
        {
            BitChoice now = layers[layer][chosen[layer]];
            for (int choice = chosen[layer] + 1; choice < layers[layer].Count; choice++)
            {
                BitChoice next = layers[layer][choice];
                double cost = next.Cost - now.Cost, gain = (now.Error - next.Error) / cost;
                if (cost <= left && gain > most)
                {
                    (most, best) = (gain, (layer, choice));
                }
            }
        }

        return best;
    }
}
