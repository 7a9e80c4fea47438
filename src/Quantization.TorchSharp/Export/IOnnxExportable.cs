namespace Quantization.TorchSharp;

/// <summary>
/// Implemented by modules of your own whose forward method computes what the export does not recognize: the module says it again, one call
/// per line. Most modules need not: while the model runs, the export sees which modules are called, and finds the functions between them by
/// their values.
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
