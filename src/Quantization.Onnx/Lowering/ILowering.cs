using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Turns nodes that are planned to run on codes into ONNX nodes, in one form.</summary>
internal interface ILowering
{
    /// <summary>Whether a node is written in this form. The first lowering that says so is taken.</summary>
    bool CanLower(PlannedNode planned);

    /// <summary>Rewrites a node, and adds what has to stand before it.</summary>
    /// <param name="node">A copy of the float node that reads its activations from codes.</param>
    /// <param name="planned">What is planned for it.</param>
    /// <param name="graph">The model to write to.</param>
    /// <returns>The node that makes the result, to be added with the result's pair; null where all was added.</returns>
    NodeProto? Lower(NodeProto node, PlannedNode planned, QdqGraph graph);

    /// <summary>Takes out what turned out not to be needed when all nodes were written.</summary>
    void Finish(GraphProto graph)
    {
    }
}
