namespace Quantization.Onnx;

/// <summary>A layer as JSON has it.</summary>
internal sealed record ComparedLayerFacts(string Node, string Operator, string Value, double? SignalToNoise, double Cosine);
