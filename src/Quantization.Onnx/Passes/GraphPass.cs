using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A rewriting of a float model that leaves its function as it is.</summary>
/// <param name="Name">What reports and plans call it.</param>
/// <param name="Apply">Rewrites the model in place; the path is what messages call the model.</param>
internal sealed record GraphPass(string Name, Action<string, ModelProto> Apply);
