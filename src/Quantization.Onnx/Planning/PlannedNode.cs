using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A node that will run on codes.</summary>
/// <param name="Node">The node.</param>
/// <param name="Role">How it takes part.</param>
/// <param name="Inputs">The activations that it reads; the rest are constants.</param>
/// <param name="Last">The node whose output is this one's result: itself, or the Relu or Clip after it that the output's range makes superfluous.</param>
internal sealed record PlannedNode(NodeProto Node, NodeRole Role, IReadOnlyList<string> Inputs, NodeProto Last)
{
    /// <summary>The result's name; the first one's where there are several.</summary>
    public string Output => Last.Output[0];

    /// <summary>The names of all results: Split has several.</summary>
    public IReadOnlyList<string> Outputs => Last.Output;

    /// <summary>
    /// Whether the node runs on integers only if its result becomes codes at once: Conv and ConvTranspose, and Gemm with its Relu, which ONNX Runtime would otherwise join in float. A Gemm or MatMul by itself may hand out floats.
    /// </summary>
    public bool NeedsCodedResult => Node.OpType is "Conv" or "ConvTranspose" || (Node.OpType == "Gemm" && Last != Node);

    /// <summary>The weights of a weighted node, with the axis of its output channels; the table of one that looks rows up.</summary>
    public WeightSlot? Weight { get; init; }

    /// <summary>The scale of the activations that the weights multiply; 1 where there are none.</summary>
    public float InputScale(IReadOnlyDictionary<string, QuantizationParameters> activations) => Inputs.Count == 0 ? 1 : activations[Inputs[0]].Scales[0];

    /// <summary>The constant that a connecting node combines its input with; null where it has none.</summary>
    public ConstantOperand? Constant { get; init; }
}
