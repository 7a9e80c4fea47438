using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Quantizes trained models without training: Conv, ConvTranspose, Gemm and MatMul with constant weights, and what lies between them, become int8 in the QDQ form of ONNX, which ONNX Runtime runs on
/// integers; the tables that Gather looks rows up in become int8 for their size. Safe to use from several threads.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026:Do not add multiple overloads with optional parameters", Justification = "The overloads differ in a required argument, samples or a calibration, so no call is ambiguous.")]
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
            modelPath, model => Calibrate(model, keeper, calibrating, progress, cancellationToken), () => options.LatencySample ?? keeper.First, outputPath, options, progress, cancellationToken);
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

    private static ModelCalibration Calibrate(
        FloatModel model, FirstSampleKeeper samples, CalibrationOptions options, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, 0, samples.Count));
        return CalibrationRun.Run(model, samples, options, progress, cancellationToken);
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
        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new QuantizationProgress(QuantizationStage.Preparing, 0, null));
        FloatModel model = FloatModel.Load(modelPath, options.SessionOptionsFactory, options.Runtime);
        GraphIndex graph = new(model.Model.Graph);
        ThrowUnlessNodes(model, graph, options);

        using AtomicFile output = AtomicFile.Create(outputPath); // before the samples run: a folder that cannot be written to should not cost their time
        QuantizationPlan plan = Planner.Plan(graph, model.Target, options.FloatNodes.Contains);
        if (plan.Nodes.Count == 0)
        {
            return Copy(model, plan, new ModelCalibration(model.File.Fingerprint, 0, []), output, outputPath, options);
        }

        ModelCalibration calibration = calibrate(model);
        ThrowUnlessMadeFrom(calibration, model);
        cancellationToken.ThrowIfCancellationRequested();
        plan = DeadActivations.Of(calibration).Plan(graph, model.Target, options.FloatNodes.Contains);
        if (plan.Nodes.Count == 0)
        {
            return Copy(model, plan, calibration, output, outputPath, options);
        }

        progress?.Report(new QuantizationProgress(QuantizationStage.Quantizing, 0, null));
        Dictionary<string, CalibrationResult> ranges = ActivationRanges.Choose(modelPath, plan, calibration, options);
        Dictionary<string, QuantizationParameters> parameters = ranges.ToDictionary(each => each.Key, each => ActivationRanges.ToParameters(each.Value, options));
        ModelProto quantized = QdqLowering.Write(model, graph, plan, parameters, options);

        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new QuantizationProgress(QuantizationStage.Inspecting, 0, null));
        ModelSample? sample = findLatencySample();
        options.Probe?.Check(modelPath, quantized, sample, cancellationToken);
        Int8Inspection inspection = Int8Inspection.Of(modelPath, quantized, options.SessionOptionsFactory);
        cancellationToken.ThrowIfCancellationRequested();
        LatencyComparison? latency = MeasureLatency(model, quantized, outputPath, sample, options, progress, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        long bytes = ModelStore.Commit(output, outputPath, quantized, options.MaxFileBytes);
        PtqResult result = new()
        {
            OutputPath = outputPath,
            ModelBytes = model.File.Bytes,
            OutputBytes = bytes,
            QuantizedNodes = [.. plan.Nodes.Select(node => node.Node.GetLabel())],
            FloatNodes = plan.Float,
            Int8Operators = inspection.Int8Operators,
            ConversionReasons = [.. inspection.Conversions.Select(conversion => conversion.Reason)],
            ConversionKinds = inspection.Conversions.CountBy(conversion => conversion.Kind).ToDictionary(StringComparer.Ordinal),
            Activations = ranges,
            Calibration = calibration,
            Runtime = options.Runtime,
            Warnings = [.. DeadActivations.Warn(plan), .. Processor.Warn(options)],
        };
        result = result with { Warnings = [.. result.Warnings, .. SpeedAdvice.OfGraph(result, options.FloatNodes)] };
        return latency is null ? result : result.WithLatency(latency);
    }

    private static LatencyComparison? MeasureLatency(
        FloatModel model, ModelProto quantized, string outputPath, ModelSample? sample, PtqOptions options, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
    {
        if (sample is null || options.LatencyRuns == 0)
        {
            return null;
        }

        progress?.Report(new QuantizationProgress(QuantizationStage.Measuring, 0, null));
        return LatencyMeter.Measure(model.File, quantized, outputPath, sample, options.LatencyRuns, options.SessionOptionsFactory, cancellationToken);
    }

    /// <summary>A model with nothing to quantize comes through as it is.</summary>
    private static PtqResult Copy(FloatModel model, QuantizationPlan plan, ModelCalibration calibration, AtomicFile output, string outputPath, PtqOptions options)
    {
        long bytes = model.File.Bytes;
        if (model.File.IsSplit)
        {
            bytes = ModelStore.Commit(output, outputPath, model.File.Model, options.MaxFileBytes);
        }
        else
        {
            output.Commit(stream =>
            {
                using FileStream original = File.OpenRead(model.File.Path);
                original.CopyTo(stream);
            });
        }

        return new PtqResult
        {
            OutputPath = outputPath,
            ModelBytes = model.File.Bytes,
            OutputBytes = bytes,
            QuantizedNodes = [],
            FloatNodes = plan.Float,
            Int8Operators = new Dictionary<string, int>(),
            ConversionReasons = [],
            ConversionKinds = new Dictionary<string, int>(),
            Activations = new Dictionary<string, CalibrationResult>(),
            Calibration = calibration,
            Runtime = options.Runtime,
            Warnings = [$"There was nothing to quantize, so the output is the float model: {plan.WhyEmpty()}.", .. DeadActivations.Warn(plan)],
        };
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

    internal static void ThrowUnlessNodes(FloatModel model, GraphIndex graph, PtqOptions options)
    {
        ThrowUnlessAmong(graph.Graph.Node.Select(GraphExtensions.GetLabel), options.FloatNodes, nameof(options.FloatNodes), "node");
        if (options.OwnWeights.Count > 0)
        {
            ThrowUnlessAmong(
                Planner.Plan(graph, model.Target).Nodes.Where(node => node.Weight is not null).Select(node => node.Node.GetLabel()), options.OwnWeights.Keys, nameof(options.OwnWeights), "node with weights to quantize");
        }

        void ThrowUnlessAmong(IEnumerable<string> known, IEnumerable<string> names, string option, string kind)
        {
            if (names.Except(known).FirstOrDefault() is { } unknown)
            {
                throw new ArgumentException(
                    $"{model.File.Path}: PtqOptions.{option} names '{unknown}', but the model has no such {kind}, or it was folded into another; PtqResult.QuantizedNodes lists those that can be named.",
                    nameof(options));
            }
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
