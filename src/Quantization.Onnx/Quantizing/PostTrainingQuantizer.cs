using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Quantizes trained models without training: Conv, ConvTranspose, Gemm and MatMul with constant weights, and what lies between them, become int8 in the QDQ form of ONNX, which ONNX Runtime runs on
/// integers; the tables that Gather looks rows up in become int8 for their size. Safe to use from several threads.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026:Do not add multiple overloads with optional parameters", Justification = "The overloads differ in a required argument, samples, a calibration or a plan, so no call is ambiguous.")]
public static class PostTrainingQuantizer
{
    /// <summary>Calibrates a model on samples and writes its quantized form.</summary>
    /// <param name="modelPath">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will meet; they are enumerated once.</param>
    /// <param name="outputPath">The file to write. It appears whole or not at all; an existing one is replaced only when everything succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of each stage and sample.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, there is no sample, or a name in <see cref="PtqOptions.FloatNodes"/> or <see cref="PtqOptions.OwnWeights"/> is no such node's.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model's inputs, or it or an activation holds NaN or infinity.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        string modelPath,
        ISampleSource samples,
        string outputPath,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new PtqOptions();
        CalibrationOptions calibrating = new() { SessionOptionsFactory = options.SessionOptionsFactory };
        FirstSampleKeeper keeper = new(samples);
        return Quantize(
            modelPath, Calibrate, () => options.LatencySample ?? keeper.First, outputPath, options, progress, cancellationToken);

        ModelCalibration Calibrate(FloatModel model)
        {
            progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, 0, keeper.Count));
            return CalibrationRun.Run(model, keeper, calibrating, progress, cancellationToken);
        }
    }

    /// <summary>Writes the quantized form of a model from an earlier calibration; no data is needed.</summary>
    /// <param name="modelPath">The float ONNX model that the calibration was made from.</param>
    /// <param name="calibration">What was seen of its activations.</param>
    /// <param name="outputPath">The file to write. It appears whole or not at all; an existing one is replaced only when everything succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, or a name in <see cref="PtqOptions.FloatNodes"/> or <see cref="PtqOptions.OwnWeights"/> is no such node's.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized, or the calibration was made from another.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        string modelPath,
        ModelCalibration calibration,
        string outputPath,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        options ??= new PtqOptions();
        return Quantize(modelPath, _ => calibration, () => options.LatencySample, outputPath, options, progress, cancellationToken);
    }

    /// <summary>Plans the quantization of a model and writes nothing: to look at the plan, or to change it before it is carried out.</summary>
    /// <param name="modelPath">The float ONNX model that the calibration was made from.</param>
    /// <param name="calibration">What was seen of its activations.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <returns>The plan, which leaves ranges to the calibrators of the options.</returns>
    /// <exception cref="ArgumentException">A name is empty, or a name in the options is no such node's.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, or the calibration was made from another.</exception>
    public static QuantizationPlan Plan(string modelPath, ModelCalibration calibration, PtqOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentNullException.ThrowIfNull(calibration);
        options ??= new PtqOptions();
        StaticInt8Recipe recipe = new(options);
        FloatModel model = FloatModel.Load(modelPath, recipe, options.SessionOptionsFactory);
        ThrowUnlessMadeFrom(calibration, model);
        return recipe.Plan(model, calibration) with { ModelSha256 = model.File.Fingerprint.ToString() };
    }

    /// <summary>Writes the quantized form of a model from a plan.</summary>
    /// <param name="modelPath">The float ONNX model.</param>
    /// <param name="plan">The plan: of an earlier run, of <see cref="Plan"/>, read from a file, or changed.</param>
    /// <param name="outputPath">The file to write. It appears whole or not at all; an existing one is replaced only when everything succeeded.</param>
    /// <param name="calibration">What was seen of the model's activations, where the plan leaves ranges to calibrators; null where it has all parameters.</param>
    /// <param name="options">How sessions are opened, the result is tried, measured and stored; what the plan says is not looked at here. Null for the defaults.</param>
    /// <param name="progress">Told of each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, or the plan does not fit the model; the message names the node.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized, or the calibration was made from another.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        string modelPath,
        QuantizationPlan plan,
        string outputPath,
        ModelCalibration? calibration = null,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ThrowUnlessPaths(modelPath, outputPath);
        return new RecipeRunner(options ?? new PtqOptions(), progress, cancellationToken).Run(modelPath, plan, calibration, outputPath);
    }

    private static PtqResult Quantize(
        string modelPath,
        Func<FloatModel, ModelCalibration> calibrate,
        Func<ModelSample?> findLatencySample,
        string outputPath,
        PtqOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        ThrowUnlessPaths(modelPath, outputPath);
        return new RecipeRunner(options, progress, cancellationToken).Run(modelPath, new StaticInt8Recipe(options), calibrate, findLatencySample, outputPath);
    }

    internal static void ThrowUnlessPaths(string modelPath, string outputPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        if (OutputPath.IsSame(modelPath, outputPath))
        {
            throw new ArgumentException($"{outputPath}: this is the float model itself, which would be lost; name another output.", nameof(outputPath));
        }
    }

    internal static void ThrowUnlessMadeFrom(ModelCalibration calibration, FloatModel model)
    {
        if (calibration.Model != model.File.Fingerprint)
        {
            throw new OnnxModelException(
                model.File.Path,
                $"the calibration was made from another model, with SHA-256 {calibration.ModelSha256}, not {model.File.Fingerprint}; calibrate this one, or give the model that was calibrated.");
        }
    }
}
