using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Stored codes that operators move before they become floats: the transpose of a table, rows that were looked up.</summary>
internal sealed class MovedConstant
{
    private readonly DequantizedGraph _graph;
    private readonly TensorProto _codes;
    private readonly List<NodeProto> _moves;

    private MovedConstant(DequantizedGraph graph, TensorProto codes, List<NodeProto> moves)
    {
        _graph = graph;
        _codes = codes;
        _moves = moves;
    }

    /// <summary>Follows codes back to the constant that they were moved from.</summary>
    /// <returns>Null where there is none.</returns>
    public static MovedConstant? Find(string codes, DequantizedGraph graph)
    {
        List<NodeProto> moves = [];
        string value = codes;
        while (graph.Index.FindProducer(value) is { OpType: "Transpose" or "Gather" or "Reshape" or "Squeeze" or "Unsqueeze" or "Slice"
            or "Identity" } move
            && graph.FindConstant(value) is null)
        {
            moves.Insert(0, move);
            value = move.Input[0];
        }

        return graph.FindConstant(value) is { } constant && CodeTensor.IsOne(constant) ? new MovedConstant(graph, constant, moves) : null;
    }

    /// <summary>Adds the constant as floats and the moves behind it; the name of the result.</summary>
    /// <param name="node">The node that turns the codes into floats.</param>
    /// <param name="scale">The name of its scales.</param>
    /// <param name="zeroPoint">The name of its zero-points.</param>
    /// <param name="axis">The axis of its scales, after the moves.</param>
    public string Write(NodeProto node, string scale, string zeroPoint, int axis)
    {
        int rank = _codes.Dims.Count;
        if (_graph.FindFloat(scale) is null)
        {
            axis = axis < 0 ? axis + rank : axis;
            foreach (NodeProto move in Enumerable.Reverse(_moves))
            {
                axis = move.OpType switch
                {
                    "Identity" => axis,
                    "Transpose" => (int)(move.Attribute.FirstOrDefault(attribute => attribute.Name == "perm") is { } permutation
                        ? permutation.Ints[axis]
                        : rank - 1 - axis),
                    _ => throw _graph.Unknown(node, $"it has a scale for each channel, and {move.Describe()} moves the channels first"),
                };
            }
        }

        string name = _graph.AddWeights(_graph.Dequantize(node, _codes, scale, zeroPoint, axis), _codes.Dims);
        foreach (NodeProto move in _moves)
        {
            NodeProto copy = move.Clone();
            copy.Input[0] = name;
            for (int i = 1; i < copy.Input.Count; i++)
            {
                copy.Input[i] = _graph.NameOf(copy.Input[i]);
            }

            copy.Output[0] = name = _graph.NewName();
            copy.ClearName();
            _graph.Add(copy);
        }

        return name;
    }
}
