using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A node that can run on codes, and what its operator says of that. It says nothing of encodings: these are a <see cref="NodePlan"/>'s.
/// </summary>
/// <param name="Node">The node.</param>
/// <param name="Role">How it takes part.</param>
/// <param name="Inputs">The activations that it reads; the rest are constants.</param>
/// <param name="Last">
/// The node whose output is this one's result: itself, or the activation function after it that the output's range makes superfluous.
/// </param>
internal sealed record QuantizableNode(NodeProto Node, NodeRole Role, IReadOnlyList<string> Inputs, NodeProto Last)
{
    /// <summary>The node's label.</summary>
    public string Label { get; } = Node.GetLabel();

    /// <summary>The result's name; the first one's where there are several.</summary>
    public string Output => Last.Output[0];

    /// <summary>The names of all results.</summary>
    public IReadOnlyList<string> Outputs => Last.Output;

    /// <summary>Whether the node runs on integers only if its result becomes codes at once. Others may hand out floats.</summary>
    public bool NeedsCodedResult { get; init; }

    /// <summary>Whether the node lies in a graph inside of another node, as in a branch of If. Its values cannot be observed.</summary>
    public bool IsInBody { get; init; }

    /// <summary>Whether a form of the node is known whose input becomes codes at run time; see <see cref="DynamicRange"/>.</summary>
    public bool TakesDynamicInput { get; init; }

    /// <summary>Whether codes of the same parameters are copied into the result.</summary>
    public bool CopiesInputs { get; init; }

    /// <summary>The weights of a weighted node, with the axis of its output channels; the table of one that looks rows up.</summary>
    public WeightSlot? Weight { get; init; }

    /// <summary>The second matrix of a recurrent node, which multiplies what it remembers; null for others.</summary>
    public WeightSlot? Recurrence { get; init; }

    /// <summary>The constant that the node combines its input with; null where it has none.</summary>
    public ConstantOperand? Constant { get; init; }

    /// <summary>What the node can read and make as floats of 16 bits; null where that was not asked for.</summary>
    public HalfOperands? Half { get; init; }
}
