using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>Which nodes of a graph run on codes, and which values become codes for them.</summary>
/// <param name="Nodes">The nodes in the graph's order.</param>
/// <param name="Sources">
/// The values that become codes, in the order in which they are made, each with the value whose statistics it takes: its own, or for what a
/// node only moved, those of the value moved.
/// </param>
/// <param name="Notes">Why others stay in float.</param>
internal sealed record NodeSelection(IReadOnlyList<QuantizableNode> Nodes, IReadOnlyDictionary<string, string> Sources, PlanNotes Notes)
{
    /// <summary>Those of the nodes that read and make floats: only their weights become codes.</summary>
    public IReadOnlySet<QuantizableNode> WeightOnly { get; init; } = ImmutableHashSet<QuantizableNode>.Empty;
}
