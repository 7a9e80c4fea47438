using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Gives nodes that ONNX Runtime made by fusion the names that the user knows: MatMul and Add become a Gemm, which is called as the MatMul
/// was.
/// </summary>
internal static class NodeNames
{
    /// <summary>Renames the fused nodes in place.</summary>
    /// <param name="original">The graph before it was optimized.</param>
    /// <param name="optimized">The graph whose nodes are renamed.</param>
    public static void Restore(GraphProto original, GraphProto optimized)
    {
        GraphIndex index = new(original);
        HashSet<string> known = [.. original.Node.Select(node => node.Name)];
        HashSet<string> used = [.. optimized.Node.Select(node => node.Name)];
        foreach (NodeProto node in optimized.Node.Where(node => !known.Contains(node.Name) && node.Output.Count > 0))
        {
            if (index.FindProducer(node.Output[0]) is { } last
                && last.Input.Select(index.FindProducer).Prepend(last).FirstOrDefault(each => each?.OpType is "Conv" or "Gemm" or "MatMul")
                    is { } fused
                && used.Add(fused.Name))
            {
                node.Name = fused.Name;
            }
        }
    }
}
