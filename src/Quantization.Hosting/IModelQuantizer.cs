using System.Diagnostics.CodeAnalysis;
using Quantization.Onnx;

namespace Quantization.Hosting;

/// <summary>
/// Quantizes models in a service, as its <see cref="ModelQuantizerOptions"/> say. Each call writes logs and activities; see
/// <see cref="QuantizationTelemetry"/>. Safe to use from several threads.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in a required argument, the samples, so no call is ambiguous.")]
public interface IModelQuantizer
{
    /// <summary>The name that the quantizer was registered with; empty for the one without a name.</summary>
    string Name { get; }

    /// <summary>Quantizes a model without samples.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="output">Where to write the model: a path, or a stream. A file appears whole or not at all.</param>
    /// <param name="progress">Receives each stage, in addition to logs and activities; null if nothing listens.</param>
    /// <param name="cancellationToken">Stops the work, or the wait for other calls, and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">The way needs samples, or the output is the model itself.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<PtqResult> QuantizeAsync(
        OnnxModel model,
        ModelOutput output,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>Quantizes a model with samples.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will see in use.</param>
    /// <param name="output">Where to write the model: a path, or a stream. A file appears whole or not at all.</param>
    /// <param name="progress">Receives each stage, in addition to logs and activities; null if nothing listens.</param>
    /// <param name="cancellationToken">Stops the work, or the wait for other calls, and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">There is no sample, the way takes none, or the output is the model itself.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="InvalidDataException">
    /// A sample does not fit the model's inputs, or it or an activation holds NaN or infinity.
    /// </exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<PtqResult> QuantizeAsync(
        OnnxModel model,
        ISampleSource samples,
        ModelOutput output,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Quantizes a model with samples that arrive one by one, for <see cref="QuantizationWay.StaticInt8"/> and
    /// <see cref="QuantizationWay.Half"/>.
    /// </summary>
    /// <inheritdoc cref="QuantizeAsync(OnnxModel, ISampleSource, ModelOutput, IProgress{QuantizationProgress}?, CancellationToken)"/>
    Task<PtqResult> QuantizeAsync(
        OnnxModel model,
        IAsyncEnumerable<ModelSample> samples,
        ModelOutput output,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Quantizes a model in all ways that <see cref="ModelQuantizerOptions.Auto"/> names, and writes the one that its budget picks;
    /// <see cref="AutoQuantizer"/> says how. <see cref="ModelQuantizerOptions.Way"/> does not count here.
    /// </summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="calibrationSamples">Inputs to calibrate on, like those that the model will see in use.</param>
    /// <param name="scoringSamples">Other such inputs to score with, with labels if accuracy is to count.</param>
    /// <param name="output">Where to write the model that was picked. Where no model is within the budget, nothing is written.</param>
    /// <param name="progress">Receives each stage, in addition to logs and activities; null if nothing listens.</param>
    /// <param name="cancellationToken">Stops the work, or the wait for other calls.</param>
    /// <inheritdoc
    ///     cref="QuantizeAsync(OnnxModel, ISampleSource, ModelOutput, IProgress{QuantizationProgress}?, CancellationToken)"
    ///     path="/exception"/>
    Task<AutoResult> DecideAsync(
        OnnxModel model,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        ModelOutput output,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default);
}
