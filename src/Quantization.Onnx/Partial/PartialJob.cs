using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>One partial quantization, from the files to the file.</summary>
internal sealed class PartialJob
{
    /// <summary>How many runs of each model a latency is the median of.</summary>
    private const int TimedRuns = 31;

    /// <summary>
    /// Where activations in float leave this share of the multiply-accumulates on integers that were there, layers in float cannot leave
    /// much more.
    /// </summary>
    private const double EnoughOnIntegers = 0.9;

    private readonly OnnxModel _model;
    private readonly ModelOutput _output;
    private readonly PartialOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly StageReporter _reporter;
    private readonly long _start = Stopwatch.GetTimestamp();
    private (int FloatLayers, double? Score) _reached;

    public PartialJob(
        OnnxModel model, ModelOutput output, PartialOptions options, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        _model = model;
        _output = output;
        _options = options;
        _cancellationToken = cancellationToken;
        _reporter = new StageReporter(
            value => progress?.Report(value with { FloatLayers = _reached.FloatLayers, Score = _reached.Score }));
    }

    private PtqOptions Baseline => _options.Baseline;

    public PartialResult Run(ISampleSource calibrationSamples, ISampleSource scoringSamples)
    {
        StaticInt8Recipe recipe = new(Baseline);
        FloatModel model = FloatModel.Load(_model, recipe, Baseline.SessionOptionsFactory);
        recipe.Plan(model, null); // throws where a name is not the model's, before the samples run
        _output.Open().Dispose(); // finds out now whether the file can be written, not after the work
        using TrialStore store = TrialStore.Open(_options.TrialsPath);

        _reporter.Begin(QuantizationStage.Calibrating, Baseline.Calibration.Limit(calibrationSamples).Count);
        SynchronousProgress<QuantizationProgress> samplesDone = new(value => _reporter.Set(value.Completed, value.Total));
        CalibrationOptions calibrating = Baseline.Calibration with
        {
            SessionOptionsFactory = Baseline.SessionOptionsFactory,
            Runtime = Baseline.Runtime,
            Place = Baseline.Place
        };
        ResumedCalibration resumed = ResumableCalibration.Run(
            model, calibrating.Limit(calibrationSamples), calibrating, _options.CalibrationPath, samplesDone, _cancellationToken);
        ModelCalibration calibration = resumed.Calibration;

        _reporter.Begin(QuantizationStage.Referencing);
        using TrialScorer scorer = TrialScorer.Create(
            model, scoringSamples, _options.Metric, _options.BatchSize, Baseline, _cancellationToken);
        // throws where the float model misses the target
        PartialGoal goal = PartialGoal.Of(_options.Target, scorer.Metric, scorer.FloatScore);

        IReadOnlyList<ModelSample> kept = SampleKeeper.Read(
            calibrating.Limit(calibrationSamples), PtqOptions.MostRefiningSamples, _cancellationToken);
        RefinedModel baseline = Improve(model, calibration, kept);
        TrialModels models = baseline.Models;
        PlannedBodies bodies = model.Bodies.Count == 0 ? PlannedBodies.None
            : new BodyPlanner(Baseline, ModelStore.LargestInMemory, _cancellationToken).Plan(model, calibrating.Limit(calibrationSamples));
        bool ranksOnAll = _options.RankingSamples >= scorer.Samples;
        using TrialScorer? subset = ranksOnAll ? null : TrialScorer.Create(
            model,
            new SampleSubset(scoringSamples, scorer.Samples, _options.RankingSamples),
            scorer.Metric,
            _options.BatchSize,
            Baseline,
            _cancellationToken);
        TrialRunner all = new(models, scorer, store, _options.MaxParallelTrials);
        TrialRunner few = subset is null ? all : new TrialRunner(models, subset, store, _options.MaxParallelTrials);
        PartialRun run = new(baseline.Plan, all, few, _options, _reporter, _cancellationToken) { PlannedBodies = bodies };
        Dictionary<string, LayerCost> costs = run.Layers.Count == 0 && run.Bodies.Count > 0 ? []
            : LayerCosts.Count(model, run.Layers, scoringSamples.First(), Baseline.SessionOptionsFactory);
        TrialScore quantized = run.Score(LayerSet.Empty)[0];

        SensitivityMeasure[] measures = [.. _options.ComparedMeasures.Prepend(_options.Measure).Distinct()];
        _reporter.Begin(
            QuantizationStage.Ranking, (long)run.Layers.Count * measures.Count(measure => measure != SensitivityMeasure.EstimatedNoise));
        LayerVariants variants = new(models, run.Baseline);
        SensitivityResult sensitivity = new SensitivityRun(few, variants, costs).Take(measures, _ => _reporter.Step(), _cancellationToken);
        run.Ranking = sensitivity.Rank(
            _options.Measure,
            _options.Measure == SensitivityMeasure.EstimatedNoise ? SensitivityCriterion.NoiseToSignal : _options.Criterion).Layers;

        LayerSet found = LayerSet.Empty;
        LatencyBudget? budget = null;
        bool isMet = goal.IsMetBy(quantized);
        LayerStep[] steps = [.. _options.Steps.Where(step => step.IsOfOneLayer)];
        if (!isMet && run.Bodies.Count > 0)
        {
            run.Begin(QuantizationStage.TryingSteps, FloatBodies.MostTrials(run.Bodies.Count));
            found = new FloatBodies(run, goal.IsMetBy).Take(found);
            isMet = goal.IsMetBy(Reached(run, found));
        }

        if (!isMet && steps.Length > 0 && run.Layers.Count > 0)
        {
            run.Begin(QuantizationStage.TryingSteps, StepSearch.MostTrials(run.Layers.Count, steps.Length));
            found = StepSearch.Take(run, found, steps, variants, goal.IsMetBy);
            isMet = goal.IsMetBy(Reached(run, found));
        }

        PartialCurve shares = new(run, models, costs, null);
        LayerSet activations = found;
        bool areActivationsEnough = false;
        if (!isMet && _options.Target.Kind != PartialTargetKind.MaxLatencyRatio && _options.Steps.Contains(LayerStep.FloatActivations)
            && kept.Count > 0)
        {
            run.Begin(QuantizationStage.KeepingActivations, ActivationSteps.MostTrials);
            activations = new ActivationSteps(run, baseline, kept, Baseline, _cancellationToken).Take(found, goal.IsMetBy);
            areActivationsEnough = goal.IsMetBy(Reached(run, activations));
            if (areActivationsEnough && shares.Int8Share(activations) >= EnoughOnIntegers * shares.Int8Share(found))
            {
                (found, isMet) = (activations, true);
            }
        }

        LayerSet RoundWeights(LayerSet set) =>
            _options.Steps.Contains(LayerStep.WeightOnly) ? new WeightOnlyLayers(run, goal, shares.Int8Share).Take(set) : set;
        double Measure(QuantizationPlan plan) => MeasureRatio(models, run.PlanOf(LayerSet.Empty), plan, scoringSamples.First());
        TrialLimit limit = new(_options.MaxTrials ?? FloatLayers.DefaultTrials(run.Layers.Count), () => run.Tried);
        if (_options.Target.Kind == PartialTargetKind.MaxLatencyRatio)
        {
            run.Begin(QuantizationStage.Excluding, limit.Left);
            budget = new LatencyBudget(
                run, limit, plan => CountBytes(models, plan) <= MostBytes ? Measure(plan) : double.PositiveInfinity, _options.Target.Value);
            found = budget.Spend(found);
            isMet = CountBytes(models, run.PlanOf(found)) <= MostBytes;
        }
        else if (!isMet)
        {
            double least = areActivationsEnough ? shares.Int8Share(activations) : 0;
            (found, isMet) = Search(run, limit, goal, found, set => shares.Int8Share(set) >= least);
            if (areActivationsEnough && (!isMet || least >= shares.Int8Share(found)))
            {
                (found, isMet) = (activations, true);
            }

            found = isMet ? RoundWeights(found) : found;
        }

        found = isMet && _options.Target.Kind != PartialTargetKind.MaxLatencyRatio
            ? new FloatBodies(run, goal.IsMetBy).GiveBack(found)
            : found;
        LimitSearch? limiting = null;
        LimitedPoint? limited = null;
        if (_options.Limits is { } limits && _options.Target.Kind != PartialTargetKind.MaxLatencyRatio)
        {
            limiting = new LimitSearch(run, goal, limits, costs, _model.File.Bytes, Measure, plan => CountBytes(models, plan));
            limited = limiting.Take(
                found, () => RoundWeights(Search(run, limit, goal, LayerSet.Empty with { Bodies = found.Bodies }, _ => true).Set));
            (found, isMet) = (limited.Set, !limited.Missed.Contains(PartialBudget.Figure));
        }

        TrialScore score = Reached(run, found);
        ExtendCurve(run, found);
        PartialCurve curve = new(run, models, costs, budget);
        PartialPoint written = curve.ToPoint(found, score);
        written = limited is null || _options.Limits!.MaxLatencyRatio is null
            ? written
            : written with { LatencyRatio = limited.LatencyRatio };
        PartialPoint start = curve.ToPoint(LayerSet.Empty, quantized);
        IReadOnlyList<LayerChange> changes = Explain(run, found, score, costs);
        IReadOnlyList<ActivationChange> activationChanges = ExplainActivations(run, found, score);
        IReadOnlyList<PartialPoint> points = curve.Draw();

        _reporter.Begin(QuantizationStage.Writing);
        using OpenOutput opened = _output.Open();
        PtqResult file = new RecipeRunner(written.Options, null, _cancellationToken)
            .Write(baseline.Model, run.PlanOf(found), baseline.Calibration, opened) with
        {
            Calibration = calibration,
            Refinement = baseline.Refinement,
        };
        opened.Finish();
        return new PartialResult
        {
            Model = file,
            IsTargetMet = isMet && limited is null or { Missed.Count: 0 },
            MissedBudgets = limited?.Missed ?? (isMet ? [] : [budget is null ? PartialBudget.Figure : PartialBudget.Size]),
            LimitReason = limited is not null ? limiting!.Explain(limited)
                : isMet || budget is null ? null
                : $"No model was found of at most {Figure.Bytes((long)MostBytes)}. The nearest was written: "
                    + $"{Figure.Bytes(written.ModelBytes)}.",
            IsLimitReached = limit.IsReached,
            Reason = goal.Explain(isMet, limit, run, written, scorer.Samples),
            Target = _options.Target,
            Threshold = goal.Threshold,
            Metric = scorer.Metric,
            FloatScore = scorer.FloatScore,
            Quantized = start,
            Written = written,
            Changes = changes,
            ActivationChanges = activationChanges,
            Curve = points,
            Sensitivity = sensitivity,
            Calibration = calibration,
            ResumedSamples = resumed.Resumed,
            RestartReason = resumed.RestartReason,
            ModelsRun = run.ModelsRun,
            ModelsResumed = run.ModelsResumed,
            ScoringSamples = scorer.Samples,
            RankingSamples = few.Scorer.Samples,
            LabelledSamples = scorer.Labelled,
            Elapsed = Stopwatch.GetElapsedTime(_start),
        };
    }

    /// <summary>The plan to begin with, improved on some of the calibration samples.</summary>
    private RefinedModel Improve(FloatModel model, ModelCalibration calibration, IReadOnlyList<ModelSample> samples)
    {
        StaticInt8Recipe recipe = new(Baseline);
        QuantizationPlan plan = recipe.Plan(model, calibration);
        return PlanRefiner.RefineWhereSamplesSuffice(
            new RefinedModel(model, calibration, plan),
            recipe,
            Baseline.Refine ? samples : [],
            Baseline,
            () => _reporter.Begin(QuantizationStage.Improving),
            _cancellationToken);
    }

    /// <summary>The smallest set that meets the goal; or where none does, the smallest that is as good as the best.</summary>
    /// <remarks>
    /// <paramref name="isWorthwhile"/> tells whether a set can still beat what is known; the search ends where it cannot.
    /// </remarks>
    private (LayerSet Set, bool IsMet) Search(
        PartialRun run, TrialLimit limit, PartialGoal goal, LayerSet start, Predicate<LayerSet> isWorthwhile)
    {
        run.Begin(QuantizationStage.Excluding, limit.Left);
        FloatLayers layers = new(run, limit, goal.IsMetBy) { IsWorthwhile = isWorthwhile };
        LayerSet last = layers.SwitchOff(start);
        bool isMet = goal.IsMetBy(Reached(run, last));
        if (!isMet && !isWorthwhile(last))
        {
            return (last, false);
        }

        if (!isMet)
        {
            (last, TrialScore best) = run.Scored.Aggregate((best, next) => run.Compare(next.Score, best.Score) > 0 ? next : best);
            layers = new FloatLayers(run, limit, score => run.Metric.Compare(score.Score, best.Score) >= 0);
        }

        run.Begin(QuantizationStage.Requantizing, limit.Left);
        LayerSet found = layers.SwitchOn(last);
        if (!isMet && goal.IsMetBy(run.Score(found)[0]))
        {
            // The way back found a better set than the way there.
            return (new FloatLayers(run, limit, goal.IsMetBy).SwitchOn(found), true);
        }

        return (found, isMet);
    }

    private double MostBytes => _options.Limits?.MostBytes(_model.File.Bytes) ?? double.PositiveInfinity;

    private static long CountBytes(TrialModels models, QuantizationPlan plan) =>
        models.Write(plan) is var model && ModelStore.SizeOf(model) is var most && most > ModelStore.LargestMessage
            ? most
            : model.CalculateSize();

    private double MeasureRatio(TrialModels models, QuantizationPlan baseline, QuantizationPlan plan, ModelSample sample)
    {
        using EvaluatedModel int8 = Open(models, baseline), model = Open(models, plan);
        return LatencyMeter.Measure(int8, model, sample, TimedRuns, _cancellationToken).Ratio;
    }

    private EvaluatedModel Open(TrialModels models, QuantizationPlan plan) =>
        new(_model.Name, models.Write(plan), 0, Baseline.SessionOptionsFactory, _cancellationToken);

    private TrialScore Reached(PartialRun run, LayerSet set)
    {
        TrialScore score = run.Score(set)[0];
        _reached = (set.Float.Count, score.Score);
        return score;
    }

    /// <summary>Scores the next most sensitive layers in float too, twice as many each time: for those who want to lose less.</summary>
    private static void ExtendCurve(PartialRun run, LayerSet set)
    {
        string[] left = [.. run.Ranking.Select(layer => layer.Node).Where(layer => !set.Float.Contains(layer))];
        List<LayerSet> more = [];
        for (int count = 1; count < left.Length; count *= 2)
        {
            more.Add(left.Take(count).Aggregate(set, (sum, layer) => sum.WithFloat(layer)));
        }

        run.Begin(QuantizationStage.Curve, more.Count);
        run.Score(more);
    }

    private static IReadOnlyList<LayerChange> Explain(PartialRun run, LayerSet set, TrialScore score, Dictionary<string, LayerCost> costs)
    {
        QuantizableNode[] changed = [.. run.Layers.Where(layer => set.Contains(layer.Label))];
        TrialScore[] without = run.Score([.. changed.Select(layer => set.Without(layer.Label))]);
        return
        [
            .. changed.Zip(without, (layer, other) => new LayerChange(
                layer.Label,
                layer.Node.OpType,
                costs[layer.Label],
                set.WeightOnly.Contains(layer.Label) ? [LayerStep.WeightOnly] : [.. set.Steps.GetValueOrDefault(layer.Label) ?? []],
                set.Float.Contains(layer.Label),
                other,
                Reason(run, score, other))),
        ];
    }

    private static IReadOnlyList<ActivationChange> ExplainActivations(PartialRun run, LayerSet set, TrialScore score)
    {
        string[] names = [.. set.Activations.Order(StringComparer.Ordinal)];
        TrialScore[] without = run.Score([.. names.Select(name => set with { Activations = set.Activations.Remove(name) })]);
        return [.. names.Zip(without, (name, other) => new ActivationChange(name, other, Reason(run, score, other)))];
    }

    private static string Reason(PartialRun run, TrialScore score, TrialScore without) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"Without this, {run.Metric.Name} would be {Figure.Metric(without.Score, run.Metric.Unit)} instead of "
            + $"{Figure.Metric(score.Score, run.Metric.Unit)}, and the SQNR of the outputs {without.SignalToNoise:0.#} instead of "
            + $"{score.SignalToNoise:0.#} dB.");
}
