using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Tells which numbers an input of indices may hold.</summary>
internal static class TableLookups
{
    /// <summary>The rows of the smallest stored table whose rows are looked up by an input; null where there is none.</summary>
    public static long? FindRows(GraphProto graph, string input)
    {
        Dictionary<string, TensorProto> stored = [];
        foreach (TensorProto tensor in graph.Initializer)
        {
            stored.TryAdd(tensor.Name, tensor);
        }

        long[] rows =
        [
            .. graph.Node.Where(node => node.OpType == "Gather" && node.Input.Count > 1 && node.Input[1] == input)
                .Select(node => stored.GetValueOrDefault(node.Input[0])?.Dims.FirstOrDefault() ?? 0)
                .Where(count => count > 0),
        ];
        return rows.Length == 0 ? null : rows.Min();
    }
}
