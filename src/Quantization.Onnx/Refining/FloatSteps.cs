namespace Quantization.Onnx;

/// <summary>
/// Orders groups of activations by how much it helps to leave them in float for what that takes from the integers, and makes plans of more
/// and more of them.
/// </summary>
/// <param name="models">Derives plans.</param>
/// <param name="plan">The plan to begin with.</param>
/// <param name="work">Counts the multiply-accumulates on integers.</param>
internal sealed class FloatSteps(TrialModels models, QuantizationPlan plan, IntegerWork work)
{
    /// <summary>More of the multiply-accumulates never leave the integers, unless a user's target asks for it.</summary>
    public const double MostInFloatByDefault = 0.35;

    /// <summary>A group that multiplies little costs conversions all the same.</summary>
    private const double MinCost = 0.005;

    /// <summary>A step must promise this share of the loss at least.</summary>
    private const double MinGain = 0.01;

    /// <summary>The share of the multiply-accumulates that may leave the integers.</summary>
    public double MostInFloat { get; init; } = MostInFloatByDefault;

    /// <summary>The costliest activations: groups that were not told apart further, and single ones.</summary>
    /// <param name="groups">Measured groups, the first of which holds all activations.</param>
    /// <param name="most">How many are told at most.</param>
    public IEnumerable<ActivationCost> Costliest(IReadOnlyList<ActivationGroup> groups, int most)
    {
        string[] before = [.. IntegerWork.LayersOf(plan)];
        return groups
            .Where(group => groups[0].Loss > 0
                && !groups.Any(part => part.Sources.Count < group.Sources.Count && group.Sources.Contains(part.Sources[0])))
            .OrderByDescending(group => group.Loss)
            .Take(most)
            .Select(group => new ActivationCost(
                [.. group.Sources],
                group.Loss / groups[0].Loss,
                work.ShareOf(before.Except(IntegerWork.LayersOf(models.KeepFloat(plan, group.Sources))))));
    }

    /// <summary>Plans that leave more and more in float, the steps first that promise most for their cost.</summary>
    /// <param name="groups">Measured groups, the first of which holds all activations.</param>
    /// <param name="most">How many plans are made at most.</param>
    public IEnumerable<QuantizationPlan> Take(IReadOnlyList<ActivationGroup> groups, int most)
    {
        double all = groups[0].Loss;
        HashSet<string> before = [.. IntegerWork.LayersOf(plan)], inFloat = [];
        Step[] steps = [.. groups.Skip(1).Where(group => group.Loss > MinGain * all)
            .Select(group => new Step(group, [.. before.Except(IntegerWork.LayersOf(models.KeepFloat(plan, group.Sources)))]))];
        List<ActivationGroup> taken = [];
        for (int made = 0; made < most; made++)
        {
            Step? next = steps.Where(step => Promise(step) > MinGain * all)
                .MaxBy(step => Promise(step) / (MinCost + work.ShareOf(step.Layers.Except(inFloat))));
            if (next is null)
            {
                yield break;
            }

            taken.Add(next.Group);
            inFloat.UnionWith(next.Layers);
            if (work.ShareOf(inFloat) > MostInFloat)
            {
                yield break;
            }

            yield return models.KeepFloat(plan, taken.SelectMany(group => group.Sources));
        }

        // What was taken of a group, or with it, is not gained twice.
        double Promise(Step step)
        {
            HashSet<string> sources = [.. step.Group.Sources];
            return taken.Any(group => sources.IsSubsetOf(group.Sources))
                ? 0
                : step.Group.Loss - taken.Where(group => sources.IsSupersetOf(group.Sources)).Sum(group => group.Loss);
        }
    }

    private sealed record Step(ActivationGroup Group, HashSet<string> Layers);
}
