namespace Quantization.Onnx;

/// <summary>A sample that is left out because it cannot be read. Immutable.</summary>
/// <param name="Path">Its file or folder.</param>
/// <param name="Reason">Why it cannot be read, in words that name the file.</param>
public sealed record UnreadableSample(string Path, string Reason);
