using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Sub as Add: codes of the negative scale stand for the negative values, and ONNX Runtime adds such as fast as others; it has no integer
/// form of Sub.
/// </summary>
internal sealed class NegatedSubLowering(Target target) : ILowering
{
    private readonly HashSet<string> _negated = [];

    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) =>
        planned.Facts.Node.OpType == "Sub" && planned.Plan.InputAt(1) is not null && !target.HasIntegerSub;

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        node.OpType = "Add";
        _negated.Add(node.Input[1]);
        (string codes, TensorEncoding encoding) = graph.CodesOf(node.Input[1]);
        node.Input[1] = graph.AddDequantize(
            [codes, graph.AddScales([-((FixedParameters)encoding.Range).Scale], null), graph.AddZeroPoint(encoding)], null);
        return node;
    }

    /// <summary>Where only subtractions read a value, nobody reads its DequantizeLinear.</summary>
    public void Finish(GraphProto graph)
    {
        HashSet<string> read = [.. graph.AllGraphs()
            .SelectMany(each => each.Node.SelectMany(node => node.Input).Concat(each.Output.Select(output => output.Name)))];
        foreach (NodeProto node in graph.Node.Where(node => node.Output.Any(_negated.Contains) && !node.Output.Any(read.Contains))
            .ToArray())
        {
            graph.Node.Remove(node);
        }
    }
}
