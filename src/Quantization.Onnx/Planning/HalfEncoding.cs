namespace Quantization.Onnx;

/// <summary>A value that one node reads or makes as floats of 16 bits: an edge of the graph.</summary>
/// <param name="Position">The node's input or result, counted from 0.</param>
/// <param name="Value">The value's name.</param>
/// <param name="Format">The format.</param>
/// <param name="IsStorage">Whether the value is a constant that is only stored so: a Cast turns it back to 32 bits before the node reads
/// it.</param>
public sealed record HalfEncoding(int Position, string Value, HalfFormat Format, bool IsStorage);
