namespace Quantization.Onnx;

/// <summary>A value of codes in a quantized model, and the float value that it was made from.</summary>
/// <param name="Float">The float value's name.</param>
/// <param name="Scale">The name of the scale.</param>
/// <param name="ZeroPoint">The name of the zero-point; empty where it is 0.</param>
internal sealed record CodedValue(string Float, string Scale, string ZeroPoint);
