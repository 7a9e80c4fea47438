using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Quantizes trained models without training: Conv, ConvTranspose, Gemm and MatMul with constant weights, and what lies between them,
/// become int8 in the QDQ form of ONNX, which ONNX Runtime runs on integers; the tables that Gather looks rows up in become int8 for their
/// size. Safe to use from several threads.
/// </summary>
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in a required argument, samples, a calibration or a plan, so no call is ambiguous.")]
public static class PostTrainingQuantizer
{
    /// <summary>Calibrates a model on samples and writes its quantized form.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will see in use; they are enumerated once.</param>
    /// <param name="output">
    /// Where to write the model: a path, or a stream. A file appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage and sample.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">
    /// A name is empty, the output is the model itself, there is no sample, or a name in <see cref="PtqOptions.FloatNodes"/> or
    /// <see cref="PtqOptions.OwnWeights"/> is no such node's.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="InvalidDataException">
    /// A sample does not fit the model's inputs, or it or an activation holds NaN or infinity.
    /// </exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        OnnxModel model,
        ISampleSource samples,
        ModelOutput output,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new PtqOptions();
        SampleKeeper keeper = new(options.Calibration.Limit(samples), options.RefiningSamples);
        return Quantize(
            model,
            prepared => Calibrate(prepared, keeper, options, progress, cancellationToken),
            keeper,
            output,
            options,
            progress,
            cancellationToken);
    }

    /// <summary>Writes the quantized form of a model from an earlier calibration; no data is needed.</summary>
    /// <param name="model">The float ONNX model that the calibration was made from.</param>
    /// <param name="calibration">The statistics of its activations.</param>
    /// <param name="output">
    /// Where to write the model: a path, or a stream. A file appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">
    /// A name is empty, the output is the model itself, or a name in <see cref="PtqOptions.FloatNodes"/> or
    /// <see cref="PtqOptions.OwnWeights"/> is no such node's.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">
    /// The model cannot be read, run or quantized, or the calibration was made from another.
    /// </exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        OnnxModel model,
        ModelCalibration calibration,
        ModelOutput output,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        options ??= new PtqOptions();
        return Quantize(model, _ => calibration, null, output, options, progress, cancellationToken);
    }

    /// <summary>
    /// Plans the quantization of a model and writes nothing: to look at the plan, or to change it before it is carried out.
    /// </summary>
    /// <param name="model">The float ONNX model that the calibration was made from.</param>
    /// <param name="calibration">The statistics of its activations.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <returns>The plan, which leaves ranges to the calibrators of the options.</returns>
    /// <exception cref="ArgumentException">A name is empty, or a name in the options is no such node's.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, or the calibration was made from another.</exception>
    public static QuantizationPlan Plan(OnnxModel model, ModelCalibration calibration, PtqOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(calibration);
        options ??= new PtqOptions();
        StaticInt8Recipe recipe = new(options);
        FloatModel prepared = FloatModel.Load(model, recipe, options.SessionOptionsFactory);
        ThrowUnlessMadeFrom(calibration, prepared);
        return recipe.Plan(prepared, calibration) with { ModelSha256 = prepared.File.Fingerprint.ToString() };
    }

    /// <summary>Writes the quantized form of a model from a plan.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="plan">The plan: of an earlier run, of <see cref="Plan"/>, read from a file, or changed.</param>
    /// <param name="output">
    /// Where to write the model: a path, or a stream. A file appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.
    /// </param>
    /// <param name="calibration">
    /// The statistics of the model's activations, where the plan leaves ranges to calibrators; null where it has all parameters.
    /// </param>
    /// <param name="options">
    /// How sessions are opened, the result is tried, measured and stored; options that the plan decides are ignored here. Null for the
    /// defaults.
    /// </param>
    /// <param name="progress">Reports each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">
    /// A name is empty, the output is the model itself, or the plan does not fit the model; the message names the node.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">
    /// The model cannot be read, run or quantized, or the calibration was made from another.
    /// </exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        OnnxModel model,
        QuantizationPlan plan,
        ModelOutput output,
        ModelCalibration? calibration = null,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ThrowUnlessApart(model, output);
        using OpenOutput opened = output.Open();
        PtqResult result = new RecipeRunner(options ?? new PtqOptions(), progress, cancellationToken).Run(model, plan, calibration, opened);
        opened.Finish();
        return result;
    }

    /// <summary>
    /// Calibrates a model on samples and writes its quantized form, without blocking the caller: the work runs on threads of its own,
    /// samples are awaited, and a stream is written to asynchronously.
    /// </summary>
    /// <inheritdoc
    ///     cref="Quantize(OnnxModel, ISampleSource, ModelOutput, PtqOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static Task<PtqResult> QuantizeAsync(
        OnnxModel model,
        IAsyncEnumerable<ModelSample> samples,
        ModelOutput output,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ThrowUnlessApart(model, output);
        options ??= new PtqOptions();
        CalibrationOptions calibrating = options.Calibration with
        {
            SessionOptionsFactory = options.SessionOptionsFactory,
            Runtime = options.Runtime,
            Place = options.Place
        };
        SampleKeeper keeper = new(SampleSource.FromEnumerable([]), options.RefiningSamples);
        return new RecipeRunner(options, progress, cancellationToken) { Samples = keeper }.RunAsync(
            model,
            new StaticInt8Recipe(options),
            prepared => AsyncCalibration.Run(prepared, samples, calibrating, keeper.Add, progress, cancellationToken),
            () => options.LatencySample ?? keeper.First,
            output);
    }

    /// <inheritdoc
    ///     cref="QuantizeAsync(OnnxModel, IAsyncEnumerable{ModelSample}, ModelOutput, PtqOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    public static Task<PtqResult> QuantizeAsync(
        OnnxModel model,
        ISampleSource samples,
        ModelOutput output,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ThrowUnlessApart(model, output);
        options ??= new PtqOptions();
        SampleKeeper keeper = new(options.Calibration.Limit(samples), options.RefiningSamples);
        return new RecipeRunner(options, progress, cancellationToken) { Samples = keeper }.RunAsync(
            model,
            new StaticInt8Recipe(options),
            prepared => LongWork.Run(() => Calibrate(prepared, keeper, options, progress, cancellationToken), cancellationToken),
            () => options.LatencySample ?? keeper.First,
            output);
    }

    /// <summary>Writes the quantized form of a model from an earlier calibration, without blocking the caller.</summary>
    /// <inheritdoc
    ///     cref="Quantize(OnnxModel, ModelCalibration, ModelOutput, PtqOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static Task<PtqResult> QuantizeAsync(
        OnnxModel model,
        ModelCalibration calibration,
        ModelOutput output,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        ThrowUnlessApart(model, output);
        options ??= new PtqOptions();
        return new RecipeRunner(options, progress, cancellationToken).RunAsync(
            model, new StaticInt8Recipe(options), _ => Task.FromResult(calibration), () => options.LatencySample, output);
    }

    private static ModelCalibration Calibrate(
        FloatModel model, SampleKeeper samples, PtqOptions options, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, 0, samples.Count));
        if (model.Observations is null)
        {
            long count = 0; // bodies alone have something to quantize, and they see each sample as it is read
            foreach (ModelSample _ in samples)
            {
                cancellationToken.ThrowIfCancellationRequested();
                count++;
                progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, count, samples.Count));
            }

            return count > 0 ? new ModelCalibration(model.File.Fingerprint, count, [])
                : throw new ArgumentException("There is no sample to calibrate with; give at least one.", nameof(samples));
        }

        CalibrationOptions calibrating = options.Calibration with
        {
            SessionOptionsFactory = options.SessionOptionsFactory,
            Runtime = options.Runtime,
            Place = options.Place
        };
        return CalibrationRun.Run(model, samples, calibrating, progress, cancellationToken);
    }

    private static PtqResult Quantize(
        OnnxModel model,
        Func<FloatModel, ModelCalibration> calibrate,
        SampleKeeper? samples,
        ModelOutput output,
        PtqOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        ThrowUnlessApart(model, output);
        return new RecipeRunner(options, progress, cancellationToken) { Samples = samples }.Run(
            model, new StaticInt8Recipe(options), calibrate, () => options.LatencySample ?? samples?.First, output);
    }

    /// <summary>Refuses to write over the model.</summary>
    internal static void ThrowUnlessApart(OnnxModel model, ModelOutput output)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(output);
        if (model.Path is not null && output.Path is not null && OutputPath.IsSame(model.Path, output.Path))
        {
            throw new ArgumentException(
                $"{output.Name}: this is the float model itself, which would be lost; name another output.", nameof(output));
        }
    }

    internal static void ThrowUnlessMadeFrom(ModelCalibration calibration, FloatModel model)
    {
        if (calibration.Model != model.File.Fingerprint)
        {
            throw new OnnxModelException(
                model.File.Path,
                $"the calibration was made from another model, with SHA-256 {calibration.ModelSha256}, not {model.File.Fingerprint}; "
                    + "calibrate this one, or give the model that was calibrated.");
        }
    }
}
