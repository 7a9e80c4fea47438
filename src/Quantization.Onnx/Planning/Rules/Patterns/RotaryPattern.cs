using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Recognizes the rotation of pairs of columns that several operators compute. Either both halves are made and joined:
/// <c>Concat(a·cos − b·sin, a·sin + b·cos)</c>. Or the columns are joined before: <c>x·cos + Concat(−b, a)·sin</c>.
/// </summary>
internal static class RotaryPattern
{
    /// <summary>More nodes do not lie between the table of angles and the products with them.</summary>
    private const int MaxMoves = 4;

    /// <summary>Finds the pattern around a Concat.</summary>
    public static FloatPattern? Find(NodeProto concat, PatternGraph values) =>
        concat.Input.Count != 2 ? null : FindJoinedLast(concat, values) ?? FindJoinedFirst(concat, values);

    /// <summary>Whether what a node looks up goes into a rotary embedding, by way of nodes that only move it.</summary>
    public static bool TakesAngles(NodeProto lookup, GraphIndex graph)
    {
        NodeProto[] front = [lookup];
        for (int i = 0; i < MaxMoves && front.Length > 0; i++)
        {
            NodeProto[] readers = [.. front.SelectMany(node => graph.Consumers(node.Output[0])).Distinct()];
            if (Array.Exists(readers, reader => reader.OpType is "Mul" or "RotaryEmbedding"
                && graph.Patterns.Of(reader)?.Kind == FloatPatternKind.RotaryEmbedding))
            {
                return true;
            }

            front = Array.FindAll(readers, reader => reader.OpType
                is "Cast" or "Concat" or "Expand" or "Reshape" or "Squeeze" or "Tile" or "Transpose" or "Unsqueeze");
        }

        return false;
    }

    private static FloatPattern? FindJoinedLast(NodeProto concat, PatternGraph values)
    {
        List<NodeProto> moves = [];
        if (values.MakerOf(values.Behind(concat.Input[0], moves), "Sub") is not { } difference
            || values.MakerOf(values.Behind(concat.Input[1], moves), "Add") is not { } sum
            || ProductsOf(difference, values) is not [{ } first, { } second] || ProductsOf(sum, values) is not [{ } third, { } fourth])
        {
            return null;
        }

        // a·cos, b·sin, and crosswise a·sin, b·cos, in either order.
        return IsCrosswise(first, second, third, fourth) || IsCrosswise(first, second, fourth, third)
            ? new FloatPattern(
                FloatPatternKind.RotaryEmbedding, [first, second, difference, third, fourth, sum, .. Enumerable.Reverse(moves), concat])
            : null;
    }

    private static FloatPattern? FindJoinedFirst(NodeProto concat, PatternGraph values)
    {
        if (values.MakerOf(concat.Input[0], "Neg") is not { } negated || values.ReaderOf(concat, "Mul") is not { } sine
            || values.ReaderOf(sine, "Add") is not { } sum || PatternGraph.OtherOf(sum, sine.Output[0]) is not { } other
            || values.MakerOf(other, "Mul") is not { } cosine)
        {
            return null;
        }

        NodeProto? one = values.MakerOf(negated.Input[0], "Slice", "Split", "Gather");
        NodeProto? two = values.MakerOf(concat.Input[1], "Slice", "Split", "Gather");
        return one is not null && two is not null && one.Input[0] == two.Input[0] && cosine.Input.Contains(one.Input[0])
            ? new FloatPattern(FloatPatternKind.RotaryEmbedding, [.. new[] { one, two }.Distinct(), negated, concat, sine, cosine, sum])
            : null;
    }

    private static NodeProto[] ProductsOf(NodeProto node, PatternGraph values) =>
        [.. node.Input.Select(input => values.MakerOf(input, "Mul")).OfType<NodeProto>().Where(product => product.Input.Count == 2)];

    /// <summary>Whether each product of the second pair shares one factor with each product of the first.</summary>
    private static bool IsCrosswise(NodeProto first, NodeProto second, NodeProto third, NodeProto fourth) =>
        Shared(first, third) is { } a && Shared(second, third) is { } sine
        && Shared(first, fourth) is { } cosine && Shared(second, fourth) is { } b
        && a != cosine && b != sine;

    private static string? Shared(NodeProto one, NodeProto two) => one.Input.Intersect(two.Input).ToArray() is [{ } shared] ? shared : null;
}
