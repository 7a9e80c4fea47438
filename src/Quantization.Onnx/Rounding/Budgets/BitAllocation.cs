namespace Quantization.Onnx;

/// <summary>
/// Deals a budget out among matrices: again and again those bits are added that take the most error away for what they cost. No matrix
/// goes two steps ahead of another that the budget can still raise, since errors of very few bits cost a model far more than they add to
/// the outputs of one layer.
/// </summary>
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
        for (int step = 1; left >= 0 && step < layers.Max(choices => choices.Count); step++)
        {
            while (FindBest(layers, chosen, step, left) is int layer)
            {
                left -= layers[layer][step].Cost - layers[layer][step - 1].Cost;
                chosen[layer] = step;
            }
        }

        return left >= 0 ? chosen : null;
    }

    /// <summary>
    /// The matrix with the most error taken away for the cost of its next bits; of equal ones the first. Null where none fits or helps.
    /// </summary>
    private static int? FindBest(IReadOnlyList<IReadOnlyList<BitChoice>> layers, int[] chosen, int step, double left)
    {
        int? best = null;
        double most = 0;
        for (int layer = 0; layer < layers.Count; layer++)
        {
            if (chosen[layer] != step - 1 || layers[layer].Count <= step)
            {
                continue;
            }

            double cost = layers[layer][step].Cost - layers[layer][step - 1].Cost;
            double gain = (layers[layer][step - 1].Error - layers[layer][step].Error) / cost;
            if (cost <= left && gain > most)
            {
                (most, best) = (gain, layer);
            }
        }

        return best;
    }
}
