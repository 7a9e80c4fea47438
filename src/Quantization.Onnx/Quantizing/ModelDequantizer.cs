using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Makes quantized models float again, to look for errors or to quantize in another way. Weights become the floats that their codes stand
/// for, so what their rounding lost stays lost; activations are no longer rounded.
/// Safe to use from several threads.
/// </summary>
public static class ModelDequantizer
{
    /// <summary>
    /// Writes the float form of a model in the QDQ form, of a dynamically quantized one (DynamicQuantizeLinear with MatMulInteger or
    /// ConvInteger), of one with MatMulNBits, or of one with operators on codes (QLinearConv,
    /// QLinearMatMul, QGemm and others).
    /// </summary>
    /// <param name="modelPath">The quantized ONNX model.</param>
    /// <param name="outputPath">The file to write. It appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.</param>
    /// <param name="sessionOptionsFactory">Makes the options of the session that the result is tried in; null for ONNX Runtime's own
    /// defaults.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">A name is empty, or the output is the model itself.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, is not quantized, or is quantized in a form that cannot be turned
    /// back.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static DequantizationResult Dequantize(string modelPath, string outputPath, Func<SessionOptions>? sessionOptionsFactory = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        if (OutputPath.IsSame(modelPath, outputPath))
        {
            throw new ArgumentException($"{outputPath}: this is the quantized model itself, which would be lost; name another output.", nameof(outputPath));
        }

        cancellationToken.ThrowIfCancellationRequested();
        ModelFile file = ModelFile.Load(modelPath);
        ModelSession.Open(modelPath, file.Model, sessionOptionsFactory).Dispose(); // ONNX Runtime checks what each node has, and names what is damaged
        cancellationToken.ThrowIfCancellationRequested();
        ModelProto model = file.Model.Clone();
        DequantizedGraph graph = Dequantization.Apply(modelPath, model);
        cancellationToken.ThrowIfCancellationRequested();
        using AtomicFile output = AtomicFile.Create(outputPath);
        ModelSession.Open(modelPath, model, sessionOptionsFactory).Dispose();
        cancellationToken.ThrowIfCancellationRequested();
        long bytes = ModelStore.Commit(output, outputPath, model, ModelStore.LargestMessage);
        return new DequantizationResult(outputPath, file.Bytes, bytes, graph.Weights, graph.Activations, graph.Relus);
    }
}
