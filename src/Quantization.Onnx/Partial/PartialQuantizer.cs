using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Mixed precision: quantizes all of a model except the layers that lose most. From the model with all layers quantized, single layers take
/// steps that make them more accurate, then one layer after another is left in float in order of descending sensitivity until the target
/// holds. Layers that need not be in float are then quantized again. Safe to use from several threads, with different output files.
/// </summary>
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in the number of required sample sources, so no call is ambiguous.")]
public static class PartialQuantizer
{
    /// <summary>
    /// Quantizes with samples that are dealt by <see cref="SampleSplit.Deal(ISampleSource)"/>: half of the first 256 calibrate and a
    /// quarter of all behind, the others score.
    /// </summary>
    /// <inheritdoc
    ///     cref="Run(OnnxModel, ISampleSource, ISampleSource, ModelOutput, PartialOptions, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will see in use, with labels if accuracy is to count.</param>
    /// <param name="output">The file to write the model to.</param>
    /// <param name="options">The target, and how to go about.</param>
    /// <param name="progress">Reports each stage, sample and model, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; what was kept so far stays.</param>
    public static PartialResult Run(
        OnnxModel model, ISampleSource samples, ModelOutput output, PartialOptions options,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        (ISampleSource calibration, ISampleSource scoring) = SampleSplit.Deal(samples);
        return Run(model, calibration, scoring, output, options, progress, cancellationToken);
    }

    /// <summary>Quantizes with separate samples to calibrate on and to score with.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="calibrationSamples">Inputs to calibrate on, like those that the model will see in use; labels are ignored.</param>
    /// <param name="scoringSamples">
    /// Other such inputs to score with, with labels if accuracy is to count. They are enumerated once per model that is tried, by several
    /// threads at once.
    /// </param>
    /// <param name="output">
    /// The file to write the model to: the one that meets the target with the fewest layers in float that were found, or the best that was
    /// reached, where <see cref="PartialResult.IsTargetMet"/> is false. It appears whole or not at all; an existing one is replaced only
    /// when everything succeeded.
    /// </param>
    /// <param name="options">The target, and how to go about.</param>
    /// <param name="progress">Reports each stage, sample and model, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; what was kept so far stays.</param>
    /// <exception cref="ArgumentException">
    /// A name is empty, the output is the model itself, an option is impossible, the float model itself misses the figure to reach, or
    /// there are too few samples.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized, or has nothing to quantize.</exception>
    /// <exception cref="InvalidDataException">
    /// A sample does not fit the model, the metric cannot be measured, or the kept calibration or the kept trials are damaged.
    /// </exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PartialResult Run(
        OnnxModel model,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        ModelOutput output,
        PartialOptions options,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibrationSamples);
        ArgumentNullException.ThrowIfNull(scoringSamples);
        ArgumentNullException.ThrowIfNull(options);
        options.ThrowUnlessPossible();
        PostTrainingQuantizer.ThrowUnlessApart(model, output);
        return new PartialJob(model, output, options, progress, cancellationToken).Run(calibrationSamples, scoringSamples);
    }

    /// <summary>
    /// Quantizes in part without blocking the caller: the work runs on threads of its own, and a stream is written to at the end,
    /// asynchronously.
    /// </summary>
    /// <inheritdoc
    ///     cref="Run(OnnxModel, ISampleSource, ISampleSource, ModelOutput, PartialOptions, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    public static Task<PartialResult> RunAsync(
        OnnxModel model,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        ModelOutput output,
        PartialOptions options,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        return LongWork.RunAsync(
            output,
            opened => Run(model, calibrationSamples, scoringSamples, opened, options, progress, cancellationToken),
            cancellationToken);
    }
}
