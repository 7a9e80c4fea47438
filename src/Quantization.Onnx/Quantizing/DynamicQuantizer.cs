using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Quantizes models to dynamic int8, with samples or without: MatMul and Gemm multiply int8 weights by inputs that become codes at run
/// time, each run with the range of its own values. Tables of embeddings become int8 too. For transformers and other models that spend
/// their time on matrices. Safe to use from several threads.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in a required argument, the samples, so no call is ambiguous.")]
public static class DynamicQuantizer
{
    /// <summary>Writes the quantized form of a model.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="output">
    /// Where to write the model: a path, or a stream. A file appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">
    /// A name is empty, the output is the model itself, or a name in <see cref="DataFreeOptions.FloatNodes"/> is no node's.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        OnnxModel model, ModelOutput output, DynamicOptions? options = null, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        (options ?? new DynamicOptions()).Quantize(model, null, output, progress, cancellationToken);

    /// <summary>Writes the quantized form of a model without blocking the caller.</summary>
    /// <inheritdoc cref="Quantize(OnnxModel, ModelOutput, DynamicOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static Task<PtqResult> QuantizeAsync(
        OnnxModel model, ModelOutput output, DynamicOptions? options = null, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        (options ?? new DynamicOptions()).QuantizeAsync(model, null, output, progress, cancellationToken);

    /// <summary>
    /// Writes the quantized form of a model and refines it on samples: the inputs of MatMul and Gemm are scaled so that columns of very
    /// different size share one range better (SmoothQuant). Scaling is kept only where it helps on samples that were not used for fitting;
    /// see <see cref="PtqResult.Refinement"/>.
    /// </summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">
    /// Inputs like those that the model will see in use. They are read once, and up to 64 are used; fewer than 8 change nothing.
    /// </param>
    /// <param name="output">Where to write the model: a path, or a stream.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">
    /// There is no sample, a name is empty, the output is the model itself, or a name in <see cref="DataFreeOptions.FloatNodes"/> is no
    /// node's.
    /// </exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model.</exception>
    /// <inheritdoc cref="Quantize(OnnxModel, ModelOutput, DynamicOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static PtqResult Quantize(
        OnnxModel model, ISampleSource samples, ModelOutput output, DynamicOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return (options ?? new DynamicOptions()).Quantize(model, samples, output, progress, cancellationToken);
    }

    /// <summary>Writes the quantized form of a model, refined on samples, without blocking the caller.</summary>
    /// <inheritdoc
    ///     cref="Quantize(OnnxModel, ISampleSource, ModelOutput, DynamicOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static Task<PtqResult> QuantizeAsync(
        OnnxModel model, ISampleSource samples, ModelOutput output, DynamicOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return (options ?? new DynamicOptions()).QuantizeAsync(model, samples, output, progress, cancellationToken);
    }
}
