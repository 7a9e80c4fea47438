using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Exporters write hard-swish, <c>x · clip(x + 3, 0, 6) / 6</c>, as four operators, and its gate alone as three. HardSigmoid says the same
/// in one: <c>HardSigmoid(x) = clip(x/6 + 1/2, 0, 1)</c>. Float work between two integer operators costs as much as they do, so each
/// operator less counts, and what saturates can be seen.
/// </summary>
internal static class HardSigmoidForm
{
    private const float Shift = 3, Top = 6;

    /// <summary>Rewrites in place what has one of the forms.</summary>
    public static void Apply(GraphProto graph)
    {
        NameAllocator names = new(graph);
        foreach (NodeProto hardSwish in graph.Node.Where(node => node.OpType == "HardSwish" && Opset.IsOnnx(node.Domain)).ToArray())
        {
            Split(graph, hardSwish, names);
        }

        foreach (NodeProto clip in graph.Node.Where(node => node.OpType == "Clip" && Opset.IsOnnx(node.Domain)).ToArray())
        {
            GraphIndex index = new(graph);
            if (index.FindProducer(clip.Input[0]) is { OpType: "Add" } add
                && FindOther(add, Shift, index) is { } value
                && HasBounds(clip, index)
                && FindOnlyReader(add.Output[0], index) == clip && FindOnlyReader(clip.Output[0], index) is { } reader)
            {
                Rewrite(graph, index, value, add, clip, reader);
            }
        }
    }

    /// <summary>HardSwish, an operator since set 14, is computed so by ONNX Runtime too.</summary>
    private static void Split(GraphProto graph, NodeProto hardSwish, NameAllocator names)
    {
        NodeProto gate = Make(hardSwish.Input[0], names.Next());
        NodeProto product = new() { OpType = "Mul", Name = hardSwish.Name };
        product.Input.Add([hardSwish.Input[0], gate.Output[0]]);
        product.Output.Add(hardSwish.Output);
        int place = graph.Node.IndexOf(hardSwish);
        graph.Node[place] = product;
        graph.Node.Insert(place, gate);
    }

    /// <summary>The division follows the clipping at once, or after the multiplication with the value.</summary>
    private static void Rewrite(GraphProto graph, GraphIndex index, string value, NodeProto add, NodeProto clip, NodeProto reader)
    {
        string gate = clip.Output[0];
        bool multiplies = reader.OpType == "Mul" && reader.Input.Contains(value) && reader.Input.Contains(gate) && value != gate;
        NodeProto? divides = multiplies ? FindOnlyReader(reader.Output[0], index) : reader;
        if (divides is null || !IsDivision(divides, multiplies ? reader.Output[0] : gate, index))
        {
            return;
        }

        NodeProto hardSigmoid = Make(value, multiplies ? gate : divides.Output[0]);
        hardSigmoid.Name = clip.Name;
        graph.Node[graph.Node.IndexOf(clip)] = hardSigmoid;
        graph.Node.Remove(add);
        graph.Node.Remove(divides);
        if (multiplies)
        {
            reader.Output[0] = divides.Output[0];
        }
    }

    private static NodeProto Make(string value, string gate)
    {
        NodeProto node = new() { OpType = "HardSigmoid" };
        node.Input.Add(value);
        node.Output.Add(gate);
        node.Attribute.Add([Float("alpha", 1 / Top), Float("beta", Shift / Top)]);
        return node;
    }

    private static AttributeProto Float(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    private static bool HasBounds(NodeProto clip, GraphIndex index) =>
        clip.Input.Count == 3 && ReadScalar(clip.Input[1], index) == 0 && ReadScalar(clip.Input[2], index) == Top;

    private static bool IsDivision(NodeProto node, string value, GraphIndex index) =>
        (node.OpType == "Div" && node.Input[0] == value && ReadScalar(node.Input[1], index) == Top)
        || (node.OpType == "Mul" && FindOther(node, 1 / Top, index) == value);

    /// <summary>The other input of a node that has this constant as one.</summary>
    private static string? FindOther(NodeProto node, float constant, GraphIndex index) =>
        ReadScalar(node.Input[1], index) == constant ? node.Input[0] : ReadScalar(node.Input[0], index) == constant ? node.Input[1] : null;

    private static NodeProto? FindOnlyReader(string value, GraphIndex index) =>
        !index.IsVisibleOutside(value) && index.Consumers(value) is [{ } reader] && Opset.IsOnnx(reader.Domain) ? reader : null;

    /// <summary>A stored single value; null where there are more, or they are computed.</summary>
    private static float? ReadScalar(string value, GraphIndex index) =>
        index.FindConstant(value) is { } tensor && tensor.IsFloat() && tensor.CountElements() == 1 ? tensor.ReadFloats()[0] : null;
}
