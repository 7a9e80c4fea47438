using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The way of every recipe: passes, observations, a plan, rounding and lowering, and the file. The parts are the recipe's; the order, the checks and what is told of the result are here.
/// </summary>
/// <param name="options">How sessions are opened, how the result is tried, measured and written.</param>
/// <param name="progress">Told of each stage.</param>
/// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
internal sealed class RecipeRunner(PtqOptions options, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
{
    /// <summary>Quantizes a model by a recipe.</summary>
    /// <param name="modelPath">The float model.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="observe">Runs the samples, or gives what was observed before. Not called where the recipe asks for nothing.</param>
    /// <param name="findSample">The sample to measure the latency with; null for none.</param>
    /// <param name="outputPath">The file to write.</param>
    public PtqResult Run(string modelPath, IRecipe recipe, Func<FloatModel, ModelCalibration> observe, Func<ModelSample?> findSample, string outputPath)
    {
        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new QuantizationProgress(QuantizationStage.Preparing, 0, null));
        FloatModel model = FloatModel.Load(modelPath, recipe, options.SessionOptionsFactory);
        QuantizationPlan plan = recipe.Plan(model, null);
        using AtomicFile output = AtomicFile.Create(outputPath); // before the samples run: a folder that cannot be written to should not cost their time
        ModelCalibration observations = new(model.File.Fingerprint, 0, []);
        if (plan.Nodes.Length > 0 && model.Observations is not null)
        {
            observations = observe(model);
            PostTrainingQuantizer.ThrowUnlessMadeFrom(observations, model);
            cancellationToken.ThrowIfCancellationRequested();
            plan = recipe.Plan(model, observations);
        }

        return Write(model, plan, observations, findSample, output, outputPath);
    }

    /// <summary>Writes the model of a plan.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="observations">What was observed of the model.</param>
    /// <param name="outputPath">The file to write.</param>
    public PtqResult Write(FloatModel model, QuantizationPlan plan, ModelCalibration observations, string outputPath)
    {
        using AtomicFile output = AtomicFile.Create(outputPath);
        return Write(model, plan, observations, () => options.LatencySample, output, outputPath);
    }

    private PtqResult Write(FloatModel model, QuantizationPlan plan, ModelCalibration observations, Func<ModelSample?> findSample, AtomicFile output, string outputPath)
    {
        if (plan.Nodes.Length == 0)
        {
            return Copy(model, plan, observations, output, outputPath);
        }

        string modelPath = model.File.Path;
        progress?.Report(new QuantizationProgress(QuantizationStage.Quantizing, 0, null));
        ActivationRanges ranges = new(modelPath, observations);
        ModelProto quantized = PlanLowering.Write(model, ranges.Resolve(plan), new WeightRanges());

        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new QuantizationProgress(QuantizationStage.Inspecting, 0, null));
        ModelSample? sample = findSample();
        options.Probe?.Check(modelPath, quantized, sample, cancellationToken);
        Int8Inspection inspection = Int8Inspection.Of(modelPath, quantized, options.SessionOptionsFactory);
        cancellationToken.ThrowIfCancellationRequested();
        LatencyComparison? latency = MeasureLatency(model, quantized, outputPath, sample);
        cancellationToken.ThrowIfCancellationRequested();
        long bytes = ModelStore.Commit(output, outputPath, quantized, options.MaxFileBytes);
        PtqResult result = new()
        {
            OutputPath = outputPath,
            ModelBytes = model.File.Bytes,
            OutputBytes = bytes,
            QuantizedNodes = [.. plan.Nodes.Select(node => node.Node)],
            FloatNodes = plan.Notes.Float,
            Int8Operators = inspection.Int8Operators,
            ConversionReasons = [.. inspection.Conversions.Select(conversion => conversion.Reason)],
            ConversionKinds = inspection.Conversions.CountBy(conversion => conversion.Kind).ToDictionary(StringComparer.Ordinal),
            Activations = ranges.Choose(plan),
            Calibration = observations,
            Runtime = options.Runtime,
            Warnings = DeadActivations.Warn(plan.Notes).ToArray(),
            Half = plan.Half,
        };
        IEnumerable<string> advice = plan.Half is { } half ? HalfAdvice.Of(result, half) : [.. Processor.Warn(options), .. SpeedAdvice.OfGraph(result, options.FloatNodes)];
        result = result with { Warnings = [.. result.Warnings, .. advice] };
        return latency is null ? result : result.WithLatency(latency);
    }

    private LatencyComparison? MeasureLatency(FloatModel model, ModelProto quantized, string outputPath, ModelSample? sample)
    {
        if (sample is null || options.LatencyRuns == 0)
        {
            return null;
        }

        progress?.Report(new QuantizationProgress(QuantizationStage.Measuring, 0, null));
        return LatencyMeter.Measure(model.File, quantized, outputPath, sample, options.LatencyRuns, options.SessionOptionsFactory, cancellationToken);
    }

    /// <summary>A model with nothing to quantize comes through as it is.</summary>
    private PtqResult Copy(FloatModel model, QuantizationPlan plan, ModelCalibration observations, AtomicFile output, string outputPath)
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
            FloatNodes = plan.Notes.Float,
            Int8Operators = new Dictionary<string, int>(),
            ConversionReasons = [],
            ConversionKinds = new Dictionary<string, int>(),
            Activations = new Dictionary<string, CalibrationResult>(),
            Calibration = observations,
            Runtime = options.Runtime,
            Warnings = [$"There was nothing to quantize, so the output is the float model: {plan.Notes.WhyEmpty()}.", .. DeadActivations.Warn(plan.Notes)],
        };
    }
}
