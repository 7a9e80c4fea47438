namespace Quantization.Onnx;

/// <summary>
/// Quantizes models to dynamic int8, without samples: MatMul and Gemm multiply int8 weights by inputs that become codes at run time, each run with the range of its own values. Tables of embeddings become int8 too.
/// For transformers and other models whose time goes into matrices. Safe to use from several threads.
/// </summary>
public static class DynamicQuantizer
{
    /// <summary>Writes the quantized form of a model.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="output">Where to write the model: a path, or a stream. A file appears whole or not at all; an existing one is replaced only when everything succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, or a name in <see cref="DataFreeOptions.FloatNodes"/> is no node's.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        OnnxModel model, ModelOutput output, DynamicOptions? options = null, IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        (options ?? new DynamicOptions()).Quantize(model, null, output, progress, cancellationToken);

    /// <summary>Writes the quantized form of a model without blocking the caller.</summary>
    /// <inheritdoc cref="Quantize"/>
    public static Task<PtqResult> QuantizeAsync(
        OnnxModel model, ModelOutput output, DynamicOptions? options = null, IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        (options ?? new DynamicOptions()).QuantizeAsync(model, null, output, progress, cancellationToken);
}
