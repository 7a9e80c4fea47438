namespace Quantization.TorchSharp;

/// <summary>
/// Implemented by modules of one's own, so that they can be written as ONNX: TorchSharp cannot trace what a forward method does, so the module says it again, one call a line.
/// </summary>
/// <example>
/// A residual block whose forward is <c>relu(x + conv2.call(relu(conv1.call(x))))</c>:
/// <code>
/// public OnnxValue ExportOnnx(OnnxGraph graph, OnnxValue input)
/// {
///     OnnxValue inner = graph.Relu(graph.Call(conv1, input));
///     return graph.Relu(graph.Add(input, graph.Call(conv2, inner)));
/// }
/// </code>
/// </example>
public interface IOnnxExportable
{
    /// <summary>Adds to the graph what forward computes, and returns its result.</summary>
    OnnxValue ExportOnnx(OnnxGraph graph, OnnxValue input);
}
