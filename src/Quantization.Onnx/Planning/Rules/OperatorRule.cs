using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Why and when an operator may run on codes between weighted nodes.</summary>
/// <param name="Role">How it takes part.</param>
/// <param name="Reason">Why it may.</param>
internal sealed record OperatorRule(NodeRole Role, string Reason)
{
    /// <summary>Which nodes of the operator the rule holds for; null for all.</summary>
    public Predicate<NodeProto>? Condition { get; init; }

    /// <summary>
    /// Whether codes of the same parameters are copied into the result, so that its inputs gain from sharing the result's.
    /// </summary>
    public bool CopiesInputs { get; init; }

    /// <summary>Whether all inputs but the first are settings, not activations.</summary>
    public bool ReadsFirstInputAlone { get; init; }
}
