namespace Quantization.Onnx;

/// <summary>A value that becomes codes at run time, by the names of what DynamicQuantizeLinear makes of it.</summary>
/// <param name="Codes">The codes, uint8.</param>
/// <param name="Scale">The scale, one for the tensor.</param>
/// <param name="ZeroPoint">The zero-point.</param>
internal readonly record struct DynamicInput(string Codes, string Scale, string ZeroPoint);
