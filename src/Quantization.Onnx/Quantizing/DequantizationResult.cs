namespace Quantization.Onnx;

/// <summary>What became of a quantized model that was made float again. Immutable.</summary>
/// <param name="OutputPath">The file that was written.</param>
/// <param name="ModelBytes">The size of the quantized model's file.</param>
/// <param name="OutputBytes">The size of the file that was written.</param>
/// <param name="Weights">The constants whose codes became floats.</param>
/// <param name="Activations">The places where activations were rounded to codes, and no longer are.</param>
/// <param name="RestoredRelus">
/// The Relu nodes that were added where codes began at 0 behind an operator that can give negative values: quantizers leave a Relu out
/// there.
/// </param>
public sealed record DequantizationResult(string OutputPath, long ModelBytes, long OutputBytes, int Weights, int Activations, int RestoredRelus);
