using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Decides how to quantize a model: quantizes it in all ways that fit, scores each on samples that did not calibrate, measures latency and
/// size on this machine, picks one by a budget and writes it. Says why each of the others was not picked. Safe to use from several threads,
/// with different output files.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in the number of required sample sources, so no call is ambiguous.")]
public static class AutoQuantizer
{
    /// <summary>
    /// Decides with samples that are dealt by <see cref="SampleSplit.Deal(ISampleSource)"/>: half of the first 256 calibrate and a quarter
    /// of all behind, the others score.
    /// </summary>
    /// <inheritdoc
    ///     cref="Run(OnnxModel, ISampleSource, ISampleSource, ModelOutput, AutoOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will see in use, with labels if accuracy is to count.</param>
    /// <param name="output">Where to write the model that was picked: a path, or a stream.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage, sample and model, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; what was kept so far stays.</param>
    public static AutoResult Run(
        OnnxModel model, ISampleSource samples, ModelOutput output, AutoOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        (ISampleSource calibration, ISampleSource scoring) = SampleSplit.Deal(samples);
        return Run(model, calibration, scoring, output, options, progress, cancellationToken);
    }

    /// <summary>Decides with separate samples to calibrate on and to score with.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="calibrationSamples">Inputs to calibrate on, like those that the model will see in use; labels are ignored.</param>
    /// <param name="scoringSamples">Other such inputs to score with, with labels if accuracy is to count. They are enumerated once per
    /// model that is tried, by several threads at once.</param>
    /// <param name="output">
    /// Where to write the model that was picked: a path, or a stream. It appears whole or not at all; an existing one is replaced only when
    /// everything succeeded. Where no model is within the budget, nothing is written.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage, sample and model, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; what was kept so far stays.</param>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, an option is impossible, or there are too few
    /// samples.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read or run, or no way of quantizing can be carried out.</exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model, the metric cannot be measured, or the kept calibration or
    /// the kept trials are damaged.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static AutoResult Run(
        OnnxModel model, ISampleSource calibrationSamples, ISampleSource scoringSamples, ModelOutput output, AutoOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibrationSamples);
        ArgumentNullException.ThrowIfNull(scoringSamples);
        options ??= new AutoOptions();
        options.ThrowUnlessPossible(hasSamples: true);
        PostTrainingQuantizer.ThrowUnlessApart(model, output);
        return new AutoJob(model, output, options, progress, cancellationToken).Run(calibrationSamples, scoringSamples);
    }

    /// <summary>
    /// Decides without samples, on generated inputs. These show speed and size but not accuracy, so only ways that need no samples take
    /// part, and the model within the budget is picked whose way usually loses the least.
    /// </summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="output">Where to write the model that was picked: a path, or a stream.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage and model.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, or an option is impossible.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, no generated input runs through it, or no way of quantizing can be
    /// carried out.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static AutoResult Run(
        OnnxModel model, ModelOutput output, AutoOptions? options = null, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new AutoOptions();
        options.ThrowUnlessPossible(hasSamples: false);
        PostTrainingQuantizer.ThrowUnlessApart(model, output);
        return new AutoJob(model, output, options, progress, cancellationToken).Run(null, null);
    }

    /// <summary>
    /// Decides without blocking the caller: the work runs on threads of its own, and a stream is written to at the end, asynchronously.
    /// </summary>
    /// <inheritdoc
    ///     cref="Run(OnnxModel, ISampleSource, ISampleSource, ModelOutput, AutoOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    public static Task<AutoResult> RunAsync(
        OnnxModel model, ISampleSource calibrationSamples, ISampleSource scoringSamples, ModelOutput output, AutoOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        return LongWork.RunAsync(
            output,
            opened => Run(model, calibrationSamples, scoringSamples, opened, options, progress, cancellationToken),
            cancellationToken);
    }
}
