using Microsoft.Extensions.Logging;
using Quantization.Onnx;

namespace Quantization.Hosting;

/// <summary>
/// Chooses the entry point of the library by the options; <see cref="QuantizerCall"/> does what all calls have in common.
/// </summary>
/// <param name="name">The registered name.</param>
/// <param name="options">The checked options.</param>
/// <param name="logger">Where to log.</param>
/// <param name="clock">Tells the time.</param>
internal sealed class ModelQuantizer(string name, ModelQuantizerOptions options, ILogger logger, TimeProvider clock)
    : IModelQuantizer, IDisposable
{
    private readonly SemaphoreSlim _free = new(options.MaxConcurrency);

    /// <inheritdoc />
    public string Name => name;

    /// <summary>Four bits where the options name nothing else.</summary>
    private WeightOnlyOptions Weights =>
        options.Way == QuantizationWay.WeightsInt4 && !options.Weights.HasBlocks ? options.Weights with { Bits = 4 } : options.Weights;

    /// <inheritdoc />
    public Task<PtqResult> QuantizeAsync(
        OnnxModel model, ModelOutput output, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        QuantizeAsync(
            model,
            output,
            told => options.Way switch
            {
                QuantizationWay.DynamicInt8 => DynamicQuantizer.QuantizeAsync(model, output, options.Dynamic, told, cancellationToken),
                QuantizationWay.WeightsInt8 or QuantizationWay.WeightsInt4 =>
                    WeightQuantizer.QuantizeAsync(model, output, Weights, told, cancellationToken),
                QuantizationWay.Half => HalfPrecisionConverter.ConvertAsync(model, output, options.Half, told, cancellationToken),
                _ => throw new ArgumentException(
                    $"The quantizer '{name}' works by {options.Way}, which needs samples; give some, or register it with another way."),
            },
            progress,
            cancellationToken);

    /// <inheritdoc />
    public Task<PtqResult> QuantizeAsync(
        OnnxModel model, ISampleSource samples, ModelOutput output, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return QuantizeAsync(
            model,
            output,
            told => options.Way switch
            {
                QuantizationWay.StaticInt8 =>
                    PostTrainingQuantizer.QuantizeAsync(model, samples, output, options.Static, told, cancellationToken),
                QuantizationWay.DynamicInt8 =>
                    DynamicQuantizer.QuantizeAsync(model, samples, output, options.Dynamic, told, cancellationToken),
                QuantizationWay.Half => HalfPrecisionConverter.ConvertAsync(model, samples, output, options.Half, told, cancellationToken),
                _ => WeightQuantizer.QuantizeAsync(model, samples, output, Weights, told, cancellationToken),
            },
            progress,
            cancellationToken);
    }

    /// <inheritdoc />
    public Task<PtqResult> QuantizeAsync(
        OnnxModel model,
        IAsyncEnumerable<ModelSample> samples,
        ModelOutput output,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return QuantizeAsync(
            model,
            output,
            told => options.Way switch
            {
                QuantizationWay.StaticInt8 =>
                    PostTrainingQuantizer.QuantizeAsync(model, samples, output, options.Static, told, cancellationToken),
                QuantizationWay.Half => HalfPrecisionConverter.ConvertAsync(model, samples, output, options.Half, told, cancellationToken),
                _ => throw new ArgumentException(
                    $"The quantizer '{name}' works by {options.Way}, which reads samples more than once; give an ISampleSource, such as "
                        + "SampleSource.FromEnumerable.",
                    nameof(samples)),
            },
            progress,
            cancellationToken);
    }

    /// <inheritdoc />
    public Task<AutoResult> DecideAsync(
        OnnxModel model,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        ModelOutput output,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        QuantizerCall call = Begin(model, output, "Auto");
        return call.RunAsync(
            told => AutoQuantizer.RunAsync(model, calibrationSamples, scoringSamples, output, options.Auto, told, cancellationToken),
            call.Tell,
            progress,
            cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose() => _free.Dispose();

    private Task<PtqResult> QuantizeAsync(
        OnnxModel model,
        ModelOutput output,
        Func<IProgress<QuantizationProgress>, Task<PtqResult>> work,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        QuantizerCall call = Begin(model, output, options.Way.ToString());
        return call.RunAsync(work, call.Tell, progress, cancellationToken);
    }

    private QuantizerCall Begin(OnnxModel model, ModelOutput output, string way)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(output);
        return new QuantizerCall(name, model.Name, output.Name, way, options, _free, logger, clock);
    }
}
