using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Counts the nodes and the stored values of a model by operator.</summary>
internal static class OperatorCounts
{
    /// <summary>The operators, those with the most bytes first.</summary>
    public static IReadOnlyList<InspectedOperator> Of(ModelProto model)
    {
        Dictionary<string, InspectedOperator> counts = [];
        GraphProto[] graphs = [.. model.AllGraphs()];
        Dictionary<string, TensorProto> stored = [];
        foreach (GraphProto graph in graphs)
        {
            GraphIndex index = new(graph);
            foreach (string name in graph.Initializer.Select(tensor => tensor.Name).Concat(graph.Node.SelectMany(node => node.Output)))
            {
                if (index.FindConstant(name) is { } tensor)
                {
                    stored.TryAdd(name, tensor);
                }
            }
        }

        foreach (NodeProto node in model.AllNodes())
        {
            string name = Opset.IsOnnx(node.Domain) ? node.OpType : $"{node.Domain}.{node.OpType}";
            InspectedOperator count = counts.GetValueOrDefault(name, new InspectedOperator(name, 0, 0, 0));
            count = count with { Nodes = count.Nodes + 1 };
            foreach (string input in node.Input)
            {
                if (stored.Remove(input, out TensorProto? tensor))
                {
                    count = count with
                    {
                        Parameters = count.Parameters + (tensor.CountElements() ?? 0),
                        Bytes = count.Bytes + (long)(ElementBits.BytesOf(tensor) ?? 0),
                    };
                }
            }

            counts[name] = count;
        }

        return [.. counts.Values.OrderByDescending(each => each.Bytes)
            .ThenByDescending(each => each.Nodes).ThenBy(each => each.Operator, StringComparer.Ordinal)];
    }
}
