namespace Quantization.Onnx;

/// <summary>What a node can read and make as floats of 16 bits, all of it or none.</summary>
/// <param name="Inputs">The positions of the inputs. Others keep their types.</param>
/// <param name="Results">The positions of the results. Others keep their types.</param>
/// <param name="Rule">What its operator says of ranges.</param>
internal sealed record HalfOperands(IReadOnlyList<int> Inputs, IReadOnlyList<int> Results, HalfRule Rule);
