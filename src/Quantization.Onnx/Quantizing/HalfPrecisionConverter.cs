using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Converts models to half precision: float16 weights and arithmetic, with 32 bits where values would leave the range of float16; or
/// only the weights to bfloat16. The file halves. Safe to use from several threads.
/// </summary>
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in a required argument, the samples, so no call is ambiguous.")]
public static class HalfPrecisionConverter
{
    /// <summary>
    /// Converts a model without data. The weights tell which nodes stay in 32 bits, and so do operators that often leave the range of
    /// float16.
    /// </summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="output">Where to write the model: a path, or a stream. A file appears whole or not at all; an existing one is replaced
    /// only when everything succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <returns>What became of the model. <see cref="PtqResult.QuantizedNodes"/> are the nodes with 16-bit values, <see
    /// cref="PtqResult.FloatNodes"/> those that compute in 32 bits, and why.</returns>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, or the options do not go together or name a
    /// node that the model does not have.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or converted.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Convert(
        OnnxModel model,
        ModelOutput output,
        HalfPrecisionOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new HalfPrecisionOptions();
        ThrowUnlessSensible(model, output, options);
        return RunnerOf(options, progress, cancellationToken).Run(
            model, new HalfPrecisionRecipe(options, hasSamples: false), _ => throw NothingObserved(), () => options.LatencySample, output);
    }

    /// <summary>Converts a model after running samples, which show the activations that would leave the range of float16.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will see in use; they are enumerated once.</param>
    /// <param name="output">Where to write the model: a path, or a stream. A file appears whole or not at all; an existing one is replaced
    /// only when everything succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage and sample.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <returns>The same as without samples.</returns>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, there is no sample, or the options do not go
    /// together or name a node that the model does not have.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or converted.</exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model's inputs, or it holds NaN or infinity.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Convert(
        OnnxModel model,
        ISampleSource samples,
        ModelOutput output,
        HalfPrecisionOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new HalfPrecisionOptions();
        ThrowUnlessSensible(model, output, options);
        SampleKeeper keeper = new(samples, 0);
        return RunnerOf(options, progress, cancellationToken).Run(
            model,
            new HalfPrecisionRecipe(options, hasSamples: true),
            prepared => Observe(prepared, keeper, options, progress, cancellationToken),
            () => options.LatencySample ?? keeper.First,
            output);
    }

    /// <summary>
    /// Converts a model without data and without blocking the caller: the work runs on threads of its own, and a stream is written to
    /// asynchronously.
    /// </summary>
    /// <inheritdoc cref="Convert(OnnxModel, ModelOutput, HalfPrecisionOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static Task<PtqResult> ConvertAsync(
        OnnxModel model,
        ModelOutput output,
        HalfPrecisionOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new HalfPrecisionOptions();
        ThrowUnlessSensible(model, output, options);
        return RunnerOf(options, progress, cancellationToken).RunAsync(
            model, new HalfPrecisionRecipe(options, hasSamples: false), _ => throw NothingObserved(), () => options.LatencySample, output);
    }

    /// <summary>
    /// Converts a model after running samples, without blocking the caller: the work runs on threads of its own, samples are awaited, and a
    /// stream is written to asynchronously.
    /// </summary>
    /// <inheritdoc
    ///     cref="Convert(OnnxModel, ISampleSource, ModelOutput, HalfPrecisionOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    public static Task<PtqResult> ConvertAsync(
        OnnxModel model,
        IAsyncEnumerable<ModelSample> samples,
        ModelOutput output,
        HalfPrecisionOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new HalfPrecisionOptions();
        ThrowUnlessSensible(model, output, options);
        ModelSample? first = null;
        return RunnerOf(options, progress, cancellationToken).RunAsync(
            model,
            new HalfPrecisionRecipe(options, hasSamples: true),
            prepared => AsyncCalibration.Run(
                prepared, samples, CalibrationOf(options), sample => first ??= sample, progress, cancellationToken),
            () => options.LatencySample ?? first,
            output);
    }

    /// <inheritdoc
    ///     cref="ConvertAsync(OnnxModel, IAsyncEnumerable{ModelSample}, ModelOutput, HalfPrecisionOptions?,
    ///     IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static Task<PtqResult> ConvertAsync(
        OnnxModel model,
        ISampleSource samples,
        ModelOutput output,
        HalfPrecisionOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new HalfPrecisionOptions();
        ThrowUnlessSensible(model, output, options);
        SampleKeeper keeper = new(samples, 0);
        return RunnerOf(options, progress, cancellationToken).RunAsync(
            model,
            new HalfPrecisionRecipe(options, hasSamples: true),
            prepared => LongWork.Run(() => Observe(prepared, keeper, options, progress, cancellationToken), cancellationToken),
            () => options.LatencySample ?? keeper.First,
            output);
    }

    private static RecipeRunner RunnerOf(
        HalfPrecisionOptions options, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken) =>
        new(options.ToShared(), progress, cancellationToken);

    private static InvalidOperationException NothingObserved() => new("Nothing is to be observed.");

    private static ModelCalibration Observe(
        FloatModel model,
        SampleKeeper samples,
        HalfPrecisionOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, 0, samples.Count));
        return CalibrationRun.Run(model, samples, CalibrationOf(options), progress, cancellationToken);
    }

    /// <summary>An attention mask holds infinities on purpose; float16 has infinities too.</summary>
    private static CalibrationOptions CalibrationOf(HalfPrecisionOptions options) =>
        new() { SessionOptionsFactory = options.SessionOptionsFactory, NonFinite = NonFiniteValues.Ignore };

    private static void ThrowUnlessSensible(OnnxModel model, ModelOutput output, HalfPrecisionOptions options)
    {
        PostTrainingQuantizer.ThrowUnlessApart(model, output);
        if (options is { HasHalfInterface: true, Format: HalfFormat.BFloat16 })
        {
            throw new ArgumentException(
                "HalfPrecisionOptions.HasHalfInterface goes with HalfFormat.Float16: only weights are stored as bfloat16, and inputs and "
                    + "outputs are not.",
                nameof(options));
        }
    }
}
