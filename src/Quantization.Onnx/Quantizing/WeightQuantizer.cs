using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Weight-only quantization, without samples: the matrices of MatMul and Gemm and the tables of embeddings become codes of 2,
/// 4 or 8 bits, and every activation stays float. 8 bits are the most accurate way to a quarter of the file size; 4 bits are the usual
/// form of language models. Safe to use from several threads.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in a required argument, the samples, so no call is ambiguous.")]
public static class WeightQuantizer
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
        OnnxModel model, ModelOutput output, WeightOnlyOptions? options = null, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        (options ?? new WeightOnlyOptions()).WithMethod(hasSamples: false).Quantize(model, null, output, progress, cancellationToken);

    /// <summary>Writes the quantized form of a model without blocking the caller.</summary>
    /// <inheritdoc cref="Quantize(OnnxModel, ModelOutput, WeightOnlyOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static Task<PtqResult> QuantizeAsync(
        OnnxModel model, ModelOutput output, WeightOnlyOptions? options = null, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        (options ?? new WeightOnlyOptions()).WithMethod(hasSamples: false).QuantizeAsync(model, null, output, progress, cancellationToken);

    /// <summary>
    /// Writes the quantized form of a model whose weights are rounded by what samples show of the inputs that they multiply: GPTQ, unless
    /// the options name another method.
    /// </summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">
    /// The samples, like the inputs that the model will see in use; a few dozen texts are enough. Those of a language model need
    /// <c>input_ids</c> alone: masks, positions and an empty cache are added. They are read once for each group of layers.
    /// </param>
    /// <param name="output">Where to write the model: a path, or a stream.</param>
    /// <param name="options">Weights in blocks; null for 4 bits.</param>
    /// <param name="progress">Reports each stage, of samples, and of layers.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">There is no sample, or the options have no blocks or a method that needs no samples.</exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model, or a value is NaN or infinite on it.</exception>
    /// <inheritdoc cref="Quantize(OnnxModel, ModelOutput, WeightOnlyOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static PtqResult Quantize(
        OnnxModel model, ISampleSource samples, ModelOutput output, WeightOnlyOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return (options ?? new WeightOnlyOptions { Bits = 4 }).WithMethod(hasSamples: true)
            .Quantize(model, samples, output, progress, cancellationToken);
    }

    /// <summary>Writes the quantized form of a model, with weights rounded on samples, without blocking the caller.</summary>
    /// <inheritdoc
    ///     cref="Quantize(OnnxModel, ISampleSource, ModelOutput, WeightOnlyOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    public static Task<PtqResult> QuantizeAsync(
        OnnxModel model, ISampleSource samples, ModelOutput output, WeightOnlyOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return (options ?? new WeightOnlyOptions { Bits = 4 }).WithMethod(hasSamples: true)
            .QuantizeAsync(model, samples, output, progress, cancellationToken);
    }

    /// <summary>
    /// Writes the quantized form of a model from a plan whose methods need samples. With the samples that the plan was made with, the file
    /// is the same byte for byte. Other plans are carried out by <see cref="PostTrainingQuantizer"/>.
    /// </summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="plan">The plan: of an earlier run, read from a file, or changed.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="output">Where to write the model: a path, or a stream.</param>
    /// <param name="options">
    /// How the result is tried and stored; options that the plan decides are ignored here. Null for the defaults.
    /// </param>
    /// <param name="progress">Reports each stage, of samples, and of layers.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">
    /// There is no sample, the output is the model itself, or the plan does not fit the model.
    /// </exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model, or a value is NaN or infinite on it.</exception>
    /// <inheritdoc cref="Quantize(OnnxModel, ModelOutput, WeightOnlyOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static PtqResult Quantize(
        OnnxModel model, QuantizationPlan plan, ISampleSource samples, ModelOutput output, WeightOnlyOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(samples);
        return (options ?? new WeightOnlyOptions()).CarryOut(model, plan, samples, output, progress, cancellationToken);
    }

    /// <summary>
    /// Quantizes a folder that ONNX Runtime GenAI loads: its model is quantized, and everything else in it, such as the tokenizer, is
    /// copied.
    /// </summary>
    /// <param name="folder">The folder, with a genai_config.json.</param>
    /// <param name="output">The folder to write. A missing one is made; files in it are replaced.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ArgumentException">A name is empty, or the output is the folder itself or lies in it.</exception>
    /// <exception cref="FileNotFoundException">The folder has no genai_config.json, or not the model that it names.</exception>
    /// <exception cref="InvalidDataException">The genai_config.json names no model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult QuantizeFolder(
        string folder, string output, WeightOnlyOptions? options = null, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(output);
        GenAiFolder source = GenAiFolder.Open(folder);
        PtqResult result = Quantize(source.ModelPath, source.PlaceIn(output), options, progress, cancellationToken);
        source.CopyOthers(output);
        return result;
    }
}
