namespace Quantization.Onnx;

/// <summary>The nodes of one operator in a model. Immutable.</summary>
/// <param name="Operator">The operator, with its domain where that is not ONNX's own.</param>
/// <param name="Nodes">How many nodes there are, those inside of branches and loops included.</param>
/// <param name="Parameters">The stored values that they are the first to read.</param>
/// <param name="Bytes">The bytes of these values.</param>
public sealed record InspectedOperator(string Operator, int Nodes, long Parameters, long Bytes);
