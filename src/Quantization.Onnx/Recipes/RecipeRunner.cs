using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The way of every recipe: passes, observations, a plan, rounding and lowering, and the file. The parts are the recipe's; the order, the
/// checks and what is told of the result are here.
/// </summary>
/// <param name="options">How sessions are opened, how the result is tried, measured and written.</param>
/// <param name="progress">Reports each stage.</param>
/// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
internal sealed class RecipeRunner(PtqOptions options, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
{
    /// <summary>The tensors of a larger model stay in its files until they are asked for.</summary>
    public long LargestInMemory { get; init; } = ModelStore.LargestInMemory;

    /// <summary>Keeps calibration samples to refine the plan with; null where it is not refined.</summary>
    public SampleKeeper? Samples { private get; init; }

    /// <summary>The samples for methods that round weights by them; null for none.</summary>
    public ISampleSource? RoundingSamples { get; init; }

    /// <summary>The maximum bytes of weights that run together on these samples.</summary>
    public long SegmentBytes { get; init; } = SegmentedRun.UsualLimit;

    /// <summary>What weights may take where layers get bits of their own; null where the plan has the bits.</summary>
    public BitBudget? Budget { get; init; }

    /// <summary>Keeps the codes of layers for a run that is interrupted; null where none are kept.</summary>
    public LayerFolder? Kept { get; init; }

    /// <summary>The samples to improve a plan by that asks for no observation; null for none.</summary>
    public ISampleSource? ImprovingSamples { get; init; }

    /// <summary>Quantizes a model by a recipe.</summary>
    /// <param name="source">The float model.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="observe">Runs the samples, or gives what was observed before. Not called where the recipe asks for nothing.</param>
    /// <param name="findSample">The sample to measure the latency with; null for none.</param>
    /// <param name="target">Where to write.</param>
    public PtqResult Run(
        OnnxModel source, IRecipe recipe, Func<FloatModel, ModelCalibration> observe, Func<ModelSample?> findSample, ModelOutput target)
    {
        FloatModel model = Prepare(source, recipe);
        using OpenOutput output = target.Open(); // before the samples run: a folder that cannot be written to should not cost their time
        using BodySampler? bodies = SampleBodies(model);
        ModelCalibration? observations = bodies is not null || NeedsObservations(model, recipe) ? observe(model) : null;
        PtqResult result = Complete(model, recipe, observations, bodies, findSample, output);
        output.Finish();
        return result;
    }

    /// <summary>The same without blocking.</summary>
    public async Task<PtqResult> RunAsync(
        OnnxModel source, IRecipe recipe, Func<FloatModel, Task<ModelCalibration>> observe, Func<ModelSample?> findSample,
        ModelOutput target)
    {
        FloatModel model = await LongWork.Run(() => Prepare(source, recipe), cancellationToken).ConfigureAwait(false);
        using OpenOutput output = target.Open();
        using BodySampler? bodies = await LongWork.Run(() => SampleBodies(model), cancellationToken).ConfigureAwait(false);
        ModelCalibration? observations = bodies is not null || NeedsObservations(model, recipe)
            ? await observe(model).ConfigureAwait(false)
            : null;
        PtqResult result = await LongWork.Run(() => Complete(model, recipe, observations, bodies, findSample, output), cancellationToken)
            .ConfigureAwait(false);
        await output.FinishAsync(cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>Quantizes a model by a plan.</summary>
    /// <param name="source">The float model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="observations">What was observed, where the plan leaves ranges to calibrators; null for nothing.</param>
    /// <param name="output">Where to write.</param>
    public PtqResult Run(OnnxModel source, QuantizationPlan plan, ModelCalibration? observations, OpenOutput output)
    {
        IRecipe recipe = RecipeNames.Find(plan);
        FloatModel model = Prepare(source, recipe).WithScales(plan, recipe);
        PlanCheck.ThrowUnlessFits(plan, model, observations is not null, RoundingSamples is not null);
        if (observations is not null)
        {
            PostTrainingQuantizer.ThrowUnlessMadeFrom(observations, model);
        }

        return Write(model, plan, observations ?? new ModelCalibration(model.File.Fingerprint, 0, []), () => options.LatencySample, output);
    }

    /// <summary>Writes the model of a plan.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="observations">What was observed of the model.</param>
    /// <param name="output">Where to write.</param>
    public PtqResult Write(FloatModel model, QuantizationPlan plan, ModelCalibration observations, OpenOutput output) =>
        Write(model, plan, observations, () => options.LatencySample, output);

    private FloatModel Prepare(OnnxModel source, IRecipe recipe)
    {
        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new QuantizationProgress(QuantizationStage.Preparing, 0, null));
        return FloatModel.Load(source, recipe, options.SessionOptionsFactory, LargestInMemory);
    }

    private static bool NeedsObservations(FloatModel model, IRecipe recipe) =>
        recipe.Plan(model, null).Nodes.Length > 0 && model.Observations is not null;

    /// <summary>Lets the bodies of a model see the samples that are read; null where there are none to see them.</summary>
    private BodySampler? SampleBodies(FloatModel model)
    {
        if (Samples is null || model.Bodies.Count == 0)
        {
            return null;
        }

        BodySampler bodies = new(model, options.SessionOptionsFactory, LargestInMemory, cancellationToken);
        Samples.Seen = bodies.Add;
        return bodies;
    }

    private PtqResult Complete(
        FloatModel model, IRecipe recipe, ModelCalibration? observations, BodySampler? bodies, Func<ModelSample?> findSample,
        OpenOutput output)
    {
        if (observations is not null)
        {
            PostTrainingQuantizer.ThrowUnlessMadeFrom(observations, model);
        }

        cancellationToken.ThrowIfCancellationRequested();
        QuantizationPlan plan = recipe.Plan(model, observations);
        if (observations is null)
        {
            RefinedModel made = RefineBlind(model, recipe, plan);
            return Write(made.Model, made.Plan, made.Calibration, findSample, output) with { Refinement = made.Refinement };
        }

        RefinedModel refined = PlanRefiner.RefineWhereSamplesSuffice(
            new RefinedModel(model, observations, plan),
            recipe,
            Samples?.Take() ?? [],
            options,
            () => progress?.Report(new QuantizationProgress(QuantizationStage.Improving, 0, null)),
            cancellationToken);
        QuantizationPlan planned = refined.Plan;
        if (bodies is not null)
        {
            progress?.Report(new QuantizationProgress(QuantizationStage.Improving, 0, null));
            planned = new BodyPlanner(options, LargestInMemory, cancellationToken).Plan(refined.Model, bodies).AddTo(planned);
        }

        return Write(
            refined.Model, planned, refined.Calibration, findSample, output,
            refined.Models.Ranges) with { Calibration = observations, Refinement = refined.Refinement };
    }

    /// <summary>Improves a plan that asks for no observation, where there are samples.</summary>
    private RefinedModel RefineBlind(FloatModel model, IRecipe recipe, QuantizationPlan plan)
    {
        ModelCalibration nothing = new(model.File.Fingerprint, 0, []);
        if (ImprovingSamples is null)
        {
            return new RefinedModel(model, nothing, plan);
        }

        progress?.Report(new QuantizationProgress(QuantizationStage.Improving, 0, null));
        IReadOnlyList<ModelSample> kept = SampleKeeper.Read(ImprovingSamples, DynamicRefiner.MostSamples, cancellationToken);
        return kept.Count == 0
            ? throw new ArgumentException("There is no sample to refine the model on; give at least one, or quantize without samples.")
            : new DynamicRefiner(recipe, kept, options, cancellationToken).Refine(model, nothing, plan);
    }

    private PtqResult Write(
        FloatModel model, QuantizationPlan plan, ModelCalibration observations, Func<ModelSample?> findSample, OpenOutput output,
        ActivationRanges? found = null)
    {
        if (plan.IsEmpty)
        {
            return Copy(model, plan, observations, output);
        }

        string modelPath = model.File.Path;
        progress?.Report(new QuantizationProgress(QuantizationStage.Quantizing, 0, null));
        ActivationRanges ranges = found ?? new ActivationRanges(modelPath, observations);
        WeightRanges weightRanges = new();
        using GramSource? grams = RoundingSamples is null ? null
            : new GramSource(
                model, plan, new GramRun(model, RoundingSamples, options.SessionOptionsFactory, progress, cancellationToken, SegmentBytes)
                {
                    Padding = options.Calibration.Padding
                });
        using BlockStore store = new(modelPath);
        (ModelProto quantized, plan, BlockRounding? rounding) = Lower(model, plan, ranges, weightRanges, grams, store);
        QuantizationPlan resolved = ranges.Resolve(plan);

        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new QuantizationProgress(QuantizationStage.Inspecting, 0, null));
        ModelSample? sample = plan.HasHalfInterface ? null : findSample(); // the float model's samples would not fit
        Int8Inspection inspection = Inspect(model, quantized, sample);
        cancellationToken.ThrowIfCancellationRequested();
        LatencyComparison? latency = MeasureLatency(model, quantized, output.Name, sample);
        cancellationToken.ThrowIfCancellationRequested();
        long bytes = output.Write(quantized, options.MaxFileBytes);
        PtqResult result = new()
        {
            OutputPath = output.Name,
            ModelBytes = model.File.Bytes,
            OutputBytes = bytes,
            QuantizedNodes = [.. plan.NodeNames],
            FloatNodes = plan.AllFloatNodes,
            Int8Operators = inspection.Int8Operators,
            ConversionReasons = [.. inspection.Conversions.Select(conversion => conversion.Reason)],
            ConversionKinds = inspection.Conversions.CountBy(conversion => conversion.Kind).ToDictionary(StringComparer.Ordinal),
            Activations = ranges.Choose(plan),
            Calibration = observations,
            Plan = PlanRecord.Of(resolved, model, new WeightRounding(modelPath, weightRanges)),
            Runtime = plan.Runtime,
            RoundedLayers = rounding?.Layers ?? [],
            ResumedLayers = Kept?.Found ?? 0,
            Warnings = [],
        };
        result = result with { Warnings = [.. Warn(result)] };
        return latency is null ? result : result.WithLatency(latency);
    }

    /// <summary>The quantized model, within the budget where there is one, and the plan that it follows.</summary>
    private (ModelProto Quantized, QuantizationPlan Plan, BlockRounding? Rounding) Lower(
        FloatModel model, QuantizationPlan plan, ActivationRanges ranges, WeightRanges weightRanges, GramSource? grams, BlockStore store)
    {
        BitPlanner? bits = Budget is null ? null : new BitPlanner(model, plan, grams is null ? null : grams.Find);
        long excess = 0;
        while (true)
        {
            QuantizationPlan fitting = bits?.Plan(Budget!, excess, progress, cancellationToken) ?? plan, resolved = ranges.Resolve(fitting);
            AwqFolding folding = grams is not null
                && fitting.Nodes.Any(node => node.Weights is { } weights && BlockRounding.IsScaled(weights.Method))
                ? AwqFolding.Make(model, fitting, grams, FindValues(model, fitting), cancellationToken)
                : new AwqFolding(model, new Dictionary<string, WeightFactors>());
            BlockRounding? rounding = MakeBlockRounding(
                folding, resolved, grams is null ? null : node => grams.Find(model.Analysis.Find(node).Weight!), store);
            ModelProto quantized = PlanLowering.Write(folding.Model, resolved, weightRanges, rounding);
            long over = Budget?.MaxBytes is { } most ? ModelStore.LargestSizeOf(quantized, options.MaxFileBytes) - most : 0;
            if (over <= 0)
            {
                return (quantized, fitting, rounding);
            }

            excess += over; // what the planner took to be smaller than it is
        }
    }

    /// <summary>The values that attention makes of products.</summary>
    private IReadOnlyList<ScaleFold> FindValues(FloatModel model, QuantizationPlan plan) => RoundingSamples!.FirstOrDefault() is { } sample
        ? ValueFolds.Find(model, plan, sample, options.SessionOptionsFactory, cancellationToken)
        : [];

    /// <summary>What turns weights into codes in blocks; null where the plan has none.</summary>
    private BlockRounding? MakeBlockRounding(
        AwqFolding folding, QuantizationPlan plan, Func<NodePlan, GramMatrix?>? grams, BlockStore store)
    {
        int total = plan.Nodes.Count(node => node.Weights?.Blocks is not null), done = 0; // a matrix that two nodes read is done once
        return total == 0 ? null : new BlockRounding(
            folding.Model.File.Path,
            store,
            BlockRounding.FindMultiplied(folding.Model, plan),
            grams,
            () => progress?.Report(new QuantizationProgress(QuantizationStage.Quantizing, ++done, total)),
            cancellationToken) { Factors = folding.Factors, Kept = Kept };
    }

    /// <summary>What ONNX Runtime makes of the model on this machine.</summary>
    private Int8Inspection Inspect(FloatModel model, ModelProto quantized, ModelSample? sample)
    {
        try
        {
            options.Probe?.Check(model.File.Path, quantized, sample, cancellationToken);
            return Int8Inspection.Of(model.File.Path, quantized, options.SessionOptionsFactory, LargestInMemory);
        }
        catch (OnnxModelException) when (HasBFloat16Products(model))
        {
            return Int8Inspection.Of(quantized); // ONNX Runtime's CPU multiplies no bfloat16, of the float model neither
        }
    }

    /// <summary>Whether weights multiply inputs in bfloat16, which other execution providers do.</summary>
    private static bool HasBFloat16Products(FloatModel model) =>
        model.Analysis.Facts.Any(each => each.Candidate?.Weight?.FloatType == TensorProto.Types.DataType.Bfloat16);

    /// <summary>What the user should know before the latency is measured.</summary>
    private IEnumerable<Advice> Warn(PtqResult result) => result.Plan.Half is not null
        ? HalfAdvice.Of(result)
        : [.. DeadActivations.Warn(result.Plan.Notes), .. Processor.Warn(result.Plan, options),
            .. SpeedAdvice.OfGraph(result, result.Plan.ExcludedNodes)];

    private LatencyComparison? MeasureLatency(FloatModel model, ModelProto quantized, string outputPath, ModelSample? sample)
    {
        if (sample is null || options.LatencyRuns == 0)
        {
            return null;
        }

        progress?.Report(new QuantizationProgress(QuantizationStage.Measuring, 0, null));
        return LatencyMeter.Measure(
            model.File, quantized, outputPath, sample, options.LatencyRuns, options.SessionOptionsFactory, cancellationToken);
    }

    /// <summary>A model with nothing to quantize comes through as it is.</summary>
    private PtqResult Copy(FloatModel model, QuantizationPlan plan, ModelCalibration observations, OpenOutput output)
    {
        // A copy of a model that nobody can run helps nobody.
        ModelSession.Open(
            model.File.Path,
            model.File.Model,
            options.SessionOptionsFactory,
            session => session.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LargestInMemory).Dispose();
        long bytes = model.File.Bytes;
        if (model.File.IsSplit)
        {
            bytes = output.Write(model.File.Model, options.MaxFileBytes);
        }
        else
        {
            output.Write(model.File.CopyTo);
        }

        return new PtqResult
        {
            OutputPath = output.Name,
            ModelBytes = model.File.Bytes,
            OutputBytes = bytes,
            QuantizedNodes = [],
            FloatNodes = plan.Notes.Float,
            Int8Operators = new Dictionary<string, int>(),
            ConversionReasons = [],
            ConversionKinds = new Dictionary<string, int>(),
            Activations = new Dictionary<string, CalibrationResult>(),
            Calibration = observations,
            Plan = plan with { ModelSha256 = model.File.Fingerprint.ToString() },
            Runtime = plan.Runtime,
            Warnings = [CalibrationAdvice.NothingToQuantize(plan.Notes.Float, plan.Half), .. DeadActivations.Warn(plan.Notes)],
        };
    }
}
