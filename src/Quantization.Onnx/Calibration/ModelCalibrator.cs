using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Runs samples through a float model and observes the activations that quantization needs a range for. Safe to use from several threads.
/// </summary>
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in a required argument, how samples come, so no call is ambiguous.")]
public static class ModelCalibrator
{
    /// <summary>
    /// Observes a model's activations, with one sample per thread: memory does not grow with the number of samples, and one pass serves
    /// every calibrator.
    /// </summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will see in use; they are enumerated once.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports after each sample.</param>
    /// <param name="cancellationToken">Stops between samples.</param>
    /// <returns>Statistics of each activation, which can be saved, merged with those of other samples, and quantized from.</returns>
    /// <exception cref="ArgumentException">A name is empty, or there is no sample.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="InvalidDataException">
    /// A sample does not fit the model's inputs, or it or an activation holds NaN or infinity.
    /// </exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ModelCalibration Calibrate(
        OnnxModel model,
        ISampleSource samples,
        CalibrationOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new CalibrationOptions();
        progress?.Report(new QuantizationProgress(QuantizationStage.Preparing, 0, null));
        return CalibrationRun.Run(
            StaticInt8Recipe.Load(model, options.SessionOptionsFactory, options.Runtime),
            options.Limit(samples),
            options,
            progress,
            cancellationToken);
    }

    /// <summary>
    /// Observes a model's activations without blocking the caller: the model runs on threads of its own, and samples are awaited.
    /// </summary>
    /// <inheritdoc cref="Calibrate"/>
    public static async Task<ModelCalibration> CalibrateAsync(
        OnnxModel model,
        IAsyncEnumerable<ModelSample> samples,
        CalibrationOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new CalibrationOptions();
        progress?.Report(new QuantizationProgress(QuantizationStage.Preparing, 0, null));
        FloatModel prepared = await LongWork.Run(
            () => StaticInt8Recipe.Load(model, options.SessionOptionsFactory, options.Runtime), cancellationToken).ConfigureAwait(false);
        return await AsyncCalibration.Run(prepared, samples, options, null, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc
    ///     cref="CalibrateAsync(OnnxModel, IAsyncEnumerable{ModelSample}, CalibrationOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    public static Task<ModelCalibration> CalibrateAsync(
        OnnxModel model,
        ISampleSource samples,
        CalibrationOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        LongWork.Run(() => Calibrate(model, samples, options, progress, cancellationToken), cancellationToken);
}
