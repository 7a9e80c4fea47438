namespace Quantization.Onnx;

/// <summary>The encoding of one value where one node reads or makes it: an edge of the graph.</summary>
/// <param name="Position">The node's input or result, counted from 0.</param>
/// <param name="Value">The value's name.</param>
/// <param name="Encoding">How it becomes codes there.</param>
public sealed record ValueEncoding(int Position, string Value, TensorEncoding Encoding);
