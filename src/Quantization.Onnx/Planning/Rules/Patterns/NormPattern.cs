using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Recognizes a LayerNorm or an RMSNorm that several operators compute: values divided by the root of the mean of their squares, centred
/// before or not, and scaled and shifted behind or not.
/// </summary>
internal static class NormPattern
{
    /// <summary>Finds the pattern around a Sqrt, or a Pow whose exponent is −½.</summary>
    public static FloatPattern? Find(NodeProto root, PatternGraph values)
    {
        if ((root.OpType == "Pow" && !IsNumber(root.Input[1], -0.5f, values)) || values.MakerOf(root.Input[0], "Add") is not { } shifted
            || values.ComputedOf(shifted) is not { } mean || values.MakerOf(mean, "ReduceMean") is not { } variance
            || FindSquared(variance.Input[0], values) is not ({ } square, { } centred))
        {
            return null;
        }

        List<NodeProto> nodes = [square, variance, shifted, root];
        NodeProto? scaled = FindQuotient(root, centred, nodes, values);
        if (scaled is null)
        {
            return null;
        }

        FloatPatternKind kind = FloatPatternKind.RmsNorm;
        if (values.MakerOf(centred, "Sub") is { } sub && values.MakerOf(sub.Input[1], "ReduceMean") is { } centre
            && centre.Input[0] == sub.Input[0])
        {
            kind = FloatPatternKind.LayerNorm;
            nodes.InsertRange(0, [centre, sub]);
        }

        foreach (string operatorType in (ReadOnlySpan<string>)["Mul", "Add"])
        {
            if (values.ReaderOf(scaled, operatorType) is { } next && values.ComputedOf(next) == scaled.Output[0])
            {
                nodes.Add(next);
                scaled = next;
            }
        }

        return new FloatPattern(kind, nodes);
    }

    /// <summary>The node that squares a value, and the value.</summary>
    private static (NodeProto Square, string Value)? FindSquared(string value, PatternGraph values) =>
        values.MakerOf(value, "Pow", "Mul") is not { } node ? null
        : node.OpType == "Mul" ? node.Input[0] == node.Input[1] ? (node, node.Input[0]) : null
        : IsNumber(node.Input[1], 2, values) ? (node, node.Input[0]) : null;

    /// <summary>The node that divides a value by a root, or multiplies it with the reciprocal.</summary>
    private static NodeProto? FindQuotient(NodeProto root, string value, List<NodeProto> nodes, PatternGraph values)
    {
        NodeProto? reader = values.ReaderOf(root, "Div", "Reciprocal", "Mul");
        if (reader is { OpType: "Reciprocal" }
            || (reader is { OpType: "Div" } && reader.Input[1] == root.Output[0] && values.IsNumber(reader.Input[0])))
        {
            nodes.Add(reader);
            reader = values.ReaderOf(reader, "Mul");
        }
        else if (reader is { OpType: "Mul" } != (root.OpType == "Pow"))
        {
            return null;
        }

        if (reader is null || !reader.Input.Contains(value) || (reader.OpType == "Div" && reader.Input[0] != value))
        {
            return null;
        }

        nodes.Add(reader);
        return reader;
    }

    private static bool IsNumber(string value, float wanted, PatternGraph values) =>
        values.IsNumber(value) && values.Graph.FindConstant(value) is { } tensor
        && (tensor.IsFloat() ? tensor.ReadFloats()[0] == wanted
            : CodeTensor.IsOne(tensor) && CodeTensor.Read(tensor)[0] == wanted);
}
