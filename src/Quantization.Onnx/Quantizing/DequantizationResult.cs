namespace Quantization.Onnx;

/// <summary>The result of turning a quantized model back into floats. Immutable.</summary>
/// <param name="OutputPath">The file that was written.</param>
/// <param name="ModelBytes">The size of the quantized model's file.</param>
/// <param name="OutputBytes">The size of the file that was written.</param>
/// <param name="Weights">The constants whose codes became floats.</param>
/// <param name="Activations">The places where activations were rounded to codes, and no longer are.</param>
/// <param name="RestoredRelus">
/// The Relu nodes that were added where codes began at 0 behind an operator that can give negative values: quantizers leave a Relu out
/// there.
/// </param>
public sealed record DequantizationResult(
    string OutputPath, long ModelBytes, long OutputBytes, int Weights, int Activations, int RestoredRelus);
