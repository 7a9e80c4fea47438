using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Adds the constants of weights in blocks to a model, each once.</summary>
/// <param name="rounding">Turns weights into codes.</param>
internal sealed class BlockConstants(BlockRounding rounding)
{
    private readonly Dictionary<TensorProto, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _packed = [];
    private readonly Dictionary<string, string> _tables = [];

    /// <summary>The codes of a node's weights.</summary>
    /// <param name="planned">The node.</param>
    /// <param name="graph">The model to write to.</param>
    /// <returns>The matrix, and the names of codes, scales and zero points; the latter is null where none are written.</returns>
    public (BlockShape Shape, string Codes, string Scales, string? ZeroPoints) Add(PlannedNode planned, QdqGraph graph)
    {
        StoredBlocks blocks = rounding.Round(planned);
        return (blocks.Shape, Add(blocks.Codes, graph), Add(blocks.Scales, graph), blocks.ZeroPoints is null ? null
            : Add(blocks.ZeroPoints, graph));
    }

    /// <summary>The name of codes [outputs, blocks, bytes] as a table [rows, bytes]: the same bytes serve both.</summary>
    public string AsTable(BlockShape shape, string codes, QdqGraph graph)
    {
        if (_packed.Contains(codes))
        {
            return codes; // they were packed as a table
        }

        if (!_tables.TryGetValue(codes, out string? table))
        {
            _tables[codes] = table = graph.AddNode("Reshape", codes, graph.AddIntegers([shape.Outputs, shape.Blocks * shape.BlobBytes]));
        }

        return table;
    }

    private string Add(TensorProto tensor, QdqGraph graph)
    {
        if (!_names.TryGetValue(tensor, out string? name))
        {
            _names[tensor] = name = graph.AddOwnConstant(tensor);
            if (tensor.Dims.Count == 2)
            {
                _packed.Add(name);
            }
        }

        return name;
    }
}
