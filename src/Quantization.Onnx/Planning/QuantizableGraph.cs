using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// What the rules of planning say of each node of a graph for one runtime. It depends on no option and on no sample, so it is found once
/// for a model.
/// </summary>
internal sealed class QuantizableGraph
{
    private readonly FrozenDictionary<string, QuantizableNode> _byResult;
    private readonly Lazy<NodeSelection> _whole;

    /// <param name="graph">A graph that went through the passes of a recipe.</param>
    /// <param name="target">What the model will run on.</param>
    /// <param name="facts">What the rules say of each node, in the graph's order.</param>
    public QuantizableGraph(GraphIndex graph, Target target, IReadOnlyList<NodeFacts> facts)
    {
        Graph = graph;
        Target = target;
        Facts = facts;
        _byResult = facts.Select(each => each.Candidate).OfType<QuantizableNode>().DistinctBy(node => node.Node.Output[0])
            .ToFrozenDictionary(node => node.Node.Output[0]);
        _whole = new Lazy<NodeSelection>(() => NodeSelector.SelectAll(this));
    }

    /// <summary>The graph.</summary>
    public GraphIndex Graph { get; }

    /// <summary>What the model will run on.</summary>
    public Target Target { get; }

    /// <summary>What the rules say of each node, in the graph's order.</summary>
    public IReadOnlyList<NodeFacts> Facts { get; }

    /// <summary>The known functions that stay in float.</summary>
    public IReadOnlyList<FloatPattern> Patterns { get; init; } = [];

    /// <summary>The nodes that run on codes where none is excluded.</summary>
    public NodeSelection Whole => _whole.Value;

    /// <summary>The node of a plan.</summary>
    /// <exception cref="ArgumentException">The graph has no such node, or it cannot run on codes.</exception>
    public QuantizableNode Find(NodePlan plan) => _byResult.TryGetValue(plan.Result, out QuantizableNode? node)
        ? node
        : throw new ArgumentException(
            $"The plan names node '{plan.Node}', which the model does not have or which cannot run on codes; plan for this model.",
            nameof(plan));

    /// <summary>The nodes of a plan that have weights, in the plan's order.</summary>
    public IReadOnlyList<QuantizableNode> WeightedNodes(QuantizationPlan plan) =>
        [.. plan.Nodes.Where(node => node.Weights is not null).Select(Find)];
}
