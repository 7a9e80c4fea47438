using System.Collections.Immutable;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Decides node by node, in the graph's order, what has 16 bits. Values whose range does not fit are remembered, so that those who read
/// them stay in 32 bits too.
/// </summary>
/// <param name="options">The format, and the nodes to leave in 32 bits.</param>
/// <param name="graph">The graph.</param>
/// <param name="observations">What was observed of activations; null where nothing was.</param>
internal sealed class HalfNodePlanner(HalfPrecisionOptions options, GraphIndex graph, ModelCalibration? observations)
{
    /// <summary>Fewer weights save less than the Cast behind them weighs.</summary>
    private const int MinStored = 64;

    private const string Asked = "kept in float as asked";

    private readonly HashSet<string> _made = [];
    private readonly Dictionary<string, string> _unfit = [];
    private readonly Dictionary<(string Value, bool IsDivisor), string?> _constants = [];

    /// <summary>
    /// Whether constants of more bytes than <see cref="TensorBytes.Smallest"/> are taken to fit without a look at their values.
    /// </summary>
    public bool TrustsLargeConstants { get; init; }

    /// <summary>The names of the results that a node could make in 16 bits.</summary>
    public static IEnumerable<string> ResultsOf(QuantizableNode node) => node.Half!.Results.Select(position => node.Node.Output[position]);

    /// <summary>
    /// The plan of a node, null where all of it stays as it is; and why the node computes in 32 bits, null where it does not or nothing
    /// is to be said.
    /// </summary>
    public (NodePlan? Plan, string? Reason) Plan(NodeFacts facts)
    {
        if (facts.Candidate is not { } node)
        {
            return (null, options.Format == HalfFormat.Float16 || WeightSlot.CanHaveWeights(facts.Node) ? facts.Reason : null);
        }

        if (options.FloatNodes.Contains(node.Label))
        {
            return (null, Asked);
        }

        if (options.Format == HalfFormat.BFloat16)
        {
            NodePlan? stored = Store(node);
            return (stored, stored is null && node.Half!.Rule.Weights.Any(IsWeight)
                ? "it has no constant weights worth storing in 16 bits"
                : null);
        }

        string? reason = FindMisfit(node);
        if (reason is not null)
        {
            return (Store(node), reason);
        }

        if (node.Half!.Results.Count == 0 && !node.Inputs.All(_made.Contains))
        {
            return (null, null); // a shape or an index: nothing is gained by a Cast before it
        }

        _made.UnionWith(ResultsOf(node));
        return (new NodePlan(node.Label, node.Node.Output[0])
        {
            HalfInputs = [.. node.Half.Inputs.Select(position => Encode(position, node.Node.Input[position], isStorage: false))],
            HalfResults = [.. node.Half.Results.Select(position => Encode(position, node.Node.Output[position], isStorage: false))],
        }, null);

        bool IsWeight(int position) => WeightSlot.CanHaveWeights(node.Node) && position < node.Node.Input.Count;
    }

    private HalfEncoding Encode(int position, string value, bool isStorage) => new(position, value, options.Format, isStorage);

    /// <summary>The plan of a node that computes in 32 bits, with the weights that can be stored in 16.</summary>
    private NodePlan? Store(QuantizableNode node)
    {
        ImmutableArray<HalfEncoding> weights =
        [
            .. node.Half!.Rule.Weights.Where(position => position < node.Node.Input.Count && IsStorable(node.Node.Input[position]))
                .Select(position => Encode(position, node.Node.Input[position], isStorage: true)),
        ];
        return weights.IsEmpty ? null : new NodePlan(node.Label, node.Node.Output[0]) { HalfInputs = weights };
    }

    private bool IsStorable(string value) =>
        graph.FindConstant(value) is { } tensor && tensor.IsFloat() && tensor.CountElements() >= MinStored
            && ExplainConstant(value, tensor, isDivisor: false) is null;

    /// <summary>Why a node does not compute in 16 bits: a constant or an activation of it does not fit.</summary>
    private string? FindMisfit(QuantizableNode node)
    {
        HalfRule rule = node.Half!.Rule;
        string? reason = rule.WidensRange && observations is null
            ? "it can leave the range of float16, and there are no samples that show whether it does"
            : null;
        bool isCarried = reason is not null;
        foreach (int position in node.Half.Inputs)
        {
            string value = node.Node.Input[position];
            string? misfit = graph.FindConstant(value) is { } tensor
                ? ExplainConstant(value, tensor, rule.Divisor == position)
                : ExplainActivation(value);
            reason ??= misfit;
            isCarried |= misfit is not null && rule.CarriesRange;
        }

        foreach (string result in ResultsOf(node))
        {
            if (Find(result) is { } seen)
            {
                reason ??= HalfRange.Explain(result, seen);
            }
            else if (isCarried)
            {
                _unfit[result] = reason!;
            }
        }

        return reason;
    }

    private TensorStatistics? Find(string value) => observations?.Activations.GetValueOrDefault(value);

    private string? ExplainActivation(string value) =>
        Find(value) is { } seen ? HalfRange.Explain(value, seen) : _unfit.GetValueOrDefault(value);

    private string? ExplainConstant(string value, TensorProto tensor, bool isDivisor)
    {
        if (TrustsLargeConstants && tensor.RawData.Length >= TensorBytes.Smallest)
        {
            return null;
        }

        if (!_constants.TryGetValue((value, isDivisor), out string? reason))
        {
            _constants[(value, isDivisor)] = reason = HalfRange.Explain(tensor.ViewFloats(), options.Format, isDivisor);
        }

        return reason;
    }
}
