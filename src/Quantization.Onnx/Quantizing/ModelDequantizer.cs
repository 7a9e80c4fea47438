using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Makes quantized models float again, to look for errors or to quantize in another way. Weights become the floats that their codes stand
/// for, so their rounding cannot be undone; activations are no longer rounded.
/// Safe to use from several threads.
/// </summary>
public static class ModelDequantizer
{
    /// <summary>
    /// Writes the float form of a model in the QDQ form, of a dynamically quantized one (DynamicQuantizeLinear with MatMulInteger or
    /// ConvInteger), of one with MatMulNBits, or of one with operators on codes (QLinearConv,
    /// QLinearMatMul, QGemm and others).
    /// </summary>
    /// <param name="model">The quantized ONNX model.</param>
    /// <param name="output">Where to write the model: a path, or a stream. A file appears whole or not at all; an existing one is replaced
    /// only when everything succeeded.</param>
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
    public static DequantizationResult Dequantize(
        OnnxModel model, ModelOutput output, Func<SessionOptions>? sessionOptionsFactory = null,
        CancellationToken cancellationToken = default)
    {
        ThrowUnlessApart(model, output);
        return Write(model, output, sessionOptionsFactory, cancellationToken);
    }

    /// <summary>
    /// The same without blocking the caller: the work runs on a thread of its own, and a stream is written to asynchronously.
    /// </summary>
    /// <inheritdoc cref="Dequantize"/>
    public static Task<DequantizationResult> DequantizeAsync(
        OnnxModel model, ModelOutput output, Func<SessionOptions>? sessionOptionsFactory = null,
        CancellationToken cancellationToken = default)
    {
        ThrowUnlessApart(model, output);
        return LongWork.RunAsync(output, target => Write(model, target, sessionOptionsFactory, cancellationToken), cancellationToken);
    }

    private static DequantizationResult Write(
        OnnxModel model, ModelOutput output, Func<SessionOptions>? sessionOptionsFactory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ModelFile file = model.File;
        // ONNX Runtime checks what each node has, and names what is damaged
        ModelSession.Open(file.Path, file.Model, sessionOptionsFactory).Dispose();
        cancellationToken.ThrowIfCancellationRequested();
        ModelProto restored = file.Model.Clone();
        DequantizedGraph graph = Dequantization.Apply(file.Path, restored);
        cancellationToken.ThrowIfCancellationRequested();
        using OpenOutput opened = output.Open();
        ModelSession.Open(file.Path, restored, sessionOptionsFactory).Dispose();
        cancellationToken.ThrowIfCancellationRequested();
        long bytes = opened.Write(restored, ModelStore.LargestMessage);
        opened.Finish();
        return new DequantizationResult(output.Name, file.Bytes, bytes, graph.Weights, graph.Activations, graph.Relus);
    }

    private static void ThrowUnlessApart(OnnxModel model, ModelOutput output)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(output);
        if (model.Path is not null && output.Path is not null && OutputPath.IsSame(model.Path, output.Path))
        {
            throw new ArgumentException(
                $"{output.Name}: this is the quantized model itself, which would be lost; name another output.", nameof(output));
        }
    }
}
