namespace Quantization.Onnx;

/// <summary>A value that can be scaled, with the planned nodes that read it from codes.</summary>
/// <param name="Input">The value.</param>
/// <param name="Plans">The nodes.</param>
internal sealed record SmoothedReaders(ScalableInput Input, IReadOnlyList<NodePlan> Plans)
{
    /// <summary>A node that divides the value takes time, so the noise must fall by more than where none is needed.</summary>
    private const double WorthOfNode = 0.9, WorthOfNothing = 0.99;

    /// <summary>Finds the values whose range a plan gives to nodes with weights alone.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The plan.</param>
    public static IReadOnlyList<SmoothedReaders> Find(FloatModel model, QuantizationPlan plan)
    {
        HashSet<string> made = [.. plan.Nodes.SelectMany(node => node.Results).Select(each => each.Value)];
        HashSet<string> coded = [.. plan.Nodes.SelectMany(node => node.Inputs).Select(each => each.Value), .. made];
        Dictionary<string, NodePlan> weighted = plan.Nodes.Where(node => node.Weights is { Blocks: null })
            .ToDictionary(node => node.Result);
        return
        [
            .. InputScales.Find(model.Analysis.Graph).Where(input => !made.Contains(input.Value) && !input.Between.Any(coded.Contains))
                .Select(input => new SmoothedReaders(
                    input,
                    [
                        .. input.Readers.Select(reader => weighted.GetValueOrDefault(reader.Output[0])).OfType<NodePlan>()
                            .Where(node => HasOwnRange(node, input.Value)),
                    ]))
                .Where(found => found.Plans.Count > 0),
        ];
    }

    /// <summary>The exponents of the columns; null where scaling is not worth it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="columns">What samples show of the value.</param>
    public int[]? Search(FloatModel model, InputColumns columns)
    {
        SmoothingProblem problem = new(
            columns,
            Plans.Select(plan => (Slot: model.Analysis.Find(plan).Weight!, Plan: plan))
                .Select(each => new SmoothingMatrix(new MatrixReader(each.Slot.Weight, each.Slot.ChannelAxis == 0), each.Plan.Weights!)),
            Plans[0].InputAt(0)!.Range is DynamicRange);
        return columns.Samples.Count == 0 ? null : SmoothingSearch.Find(problem, Input.IsFolded ? WorthOfNothing : WorthOfNode);
    }

    private static bool HasOwnRange(NodePlan node, string value) => node.InputAt(0)?.Range switch
    {
        ObservedRange { Effective: null } observed => observed.Source == value,
        DynamicRange => true,
        _ => false,
    };
}
