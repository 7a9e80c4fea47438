using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>
/// Finds the steps that make single layers more accurate in int8. Each layer is quantized alone, so that its own noise shows; a step is
/// kept where it lowers that. Then the layers take their steps in descending sensitivity, as many as the target needs.
/// </summary>
internal static class StepSearch
{
    /// <summary>Layers whose noise together is this share of all layers' are left alone: no step there can matter.</summary>
    private const double Negligible = 0.01;

    /// <summary>A step must lower a layer's noise by this share of it at least.</summary>
    private const double MinGain = 0.1;

    /// <summary>How many models are tried at most.</summary>
    public static int MostTrials(int layers, int steps) => layers * (steps + 1) + PrefixSearch.MostTrials(layers + 1);

    /// <summary>Takes steps until the score is good enough; where no number of them is, the best that was found.</summary>
    public static LayerSet Take(
        PartialRun run, LayerSet start, IReadOnlyList<LayerStep> steps, LayerVariants variants, Predicate<TrialScore> meets)
    {
        List<LayerSet> prefixes = [start];
        foreach ((string layer, ImmutableList<LayerStep> taken) in FindSteps(run, steps, variants))
        {
            prefixes.Add(prefixes[^1].WithSteps(layer, taken));
        }

        return PrefixSearch.FindShortest(run, prefixes, meets);
    }

    /// <summary>The steps that lower each layer's own noise, for the layers that matter, in descending sensitivity.</summary>
    private static IEnumerable<(string Layer, ImmutableList<LayerStep> Steps)> FindSteps(
        PartialRun run, IReadOnlyList<LayerStep> steps, LayerVariants variants)
    {
        QuantizableNode[] layers = [.. run.Ranking.Join(variants.Layers, ranked => ranked.Node, layer => layer.Label, (_, layer) => layer)];
        ImmutableList<LayerStep>[] taken = [.. layers.Select(_ => ImmutableList<LayerStep>.Empty)];
        double[] noise = Noise(taken);
        double negligible = Negligible * noise.Sum(), sum = 0;
        HashSet<int> matter =
            [.. Enumerable.Range(0, layers.Length).OrderBy(i => noise[i]).SkipWhile(i => (sum += noise[i]) <= negligible)];
        foreach (LayerStep step in steps)
        {
            ImmutableList<LayerStep>[] tried = [.. taken.Select((before, i) => matter.Contains(i) ? before.Add(step) : before)];
            double[] after = Noise(tried);
            for (int i = 0; i < layers.Length; i++)
            {
                if (after[i] < noise[i] * (1 - MinGain))
                {
                    (taken[i], noise[i]) = (tried[i], after[i]);
                }
            }
        }

        return layers.Select((layer, i) => (layer.Label, taken[i])).Where(each => !each.Item2.IsEmpty);

        double[] Noise(ImmutableList<LayerStep>[] with) =>
        [
            .. run.ScoreCandidates([.. layers.Select(
                (layer, i) => variants.Only(run.PlanOf(LayerSet.Empty.WithSteps(layer.Label, with[i])) with { Bodies = [] }, layer))])
                .Select(score => Math.Pow(10, -score.SignalToNoise / 10)),
        ];
    }
}
