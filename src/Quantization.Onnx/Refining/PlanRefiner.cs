using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Improves a plan by what a few calibration samples show, in four steps. Columns of the inputs of matrices and channels of convolutions
/// are scaled to share their range better; biases are corrected for the rounding of weights; activations stay in float whose codes cost far
/// more than they gain. Each step is kept only where the quantized model comes nearer to the float model on samples that were not used for
/// fitting.
/// </summary>
/// <param name="recipe">The recipe that made the plan.</param>
/// <param name="samples">Calibration samples.</param>
/// <param name="options">How sessions are opened.</param>
/// <param name="cancellationToken">Stops between runs.</param>
internal sealed class PlanRefiner(
    IRecipe recipe, IReadOnlyList<ModelSample> samples, PtqOptions options, CancellationToken cancellationToken)
{
    /// <summary>Fewer samples cannot tell what helps from what happens to.</summary>
    public const int LeastSamples = 8;

    /// <summary>
    /// What costs nothing at run time need not be as sure to help as what takes work from the integers; in standard errors.
    /// </summary>
    private const double FreeErrors = 1, CostlyErrors = 2;

    /// <summary>How many groups of activations are measured at most.</summary>
    private const int MaxGroups = 48;

    /// <summary>How many samples measure groups, which need only be put in order.</summary>
    private const int GroupSamples = 2;

    /// <summary>How many samples tell which of many plans may be the best.</summary>
    private const int ScreeningSamples = 6;

    /// <summary>How many of the costliest activations are told.</summary>
    private const int MaxTold = 10;

    /// <summary>How many plans with activations in float are tried at most.</summary>
    private const int MaxPlans = 10;

    /// <summary>
    /// How strongly channels are scaled: where the reader's weights share a scale over input channels, where each has its own, and whether
    /// these weights count.
    /// </summary>
    private static readonly (double Ordinary, double Depthwise, bool IsBalanced)[] Strengths =
        [(0.5, 1, true), (0.5, 1, false), (0, 1, false)];

    /// <summary>
    /// Learned rounding takes away half of what rounded weights cost, at best. Where they cost a smaller share of the loss than this, it is
    /// not worth its time.
    /// </summary>
    private const double MinShareOfWeights = 0.4;

    /// <summary>A model that computes little is judged on more samples: that takes no more time.</summary>
    private const double MaxWork = 8e9;

    /// <summary>So many samples are enough for any model.</summary>
    private const int EnoughSamples = 24;

    /// <summary>Improves a plan where there are samples enough to judge by; else it stays as it is.</summary>
    /// <param name="given">The plan.</param>
    /// <param name="recipe">The recipe that made the plan.</param>
    /// <param name="samples">Calibration samples.</param>
    /// <param name="options">How sessions are opened.</param>
    /// <param name="begin">Called where work begins.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public static RefinedModel RefineWhereSamplesSuffice(
        RefinedModel given, IRecipe recipe, IReadOnlyList<ModelSample> samples, PtqOptions options, Action begin,
        CancellationToken cancellationToken)
    {
        if (samples.Count < LeastSamples || given.Plan.Nodes.Length == 0)
        {
            return given;
        }

        begin();
        return new PlanRefiner(recipe, samples, options, cancellationToken).Refine(given);
    }

    /// <summary>
    /// The improved plan, with the model that it is for; the same where nothing improves it, or where ONNX Runtime refuses what would have
    /// to be measured: the plan is good without.
    /// </summary>
    /// <param name="given">The plan.</param>
    public RefinedModel Refine(RefinedModel given)
    {
        options.Probe?.Check(given.Model.File.Path, given.Models.Write(given.Plan), samples[0], cancellationToken);
        try
        {
            return Improve(given);
        }
        catch (Exception e) when (e is OnnxModelException or OnnxRuntimeException)
        {
            return given;
        }
    }

    private RefinedModel Improve(RefinedModel given)
    {
        (FloatModel prepared, QuantizationPlan plan) = (given.Model, given.Plan);
        IntegerWork work = new(prepared, plan, samples[0], options.SessionOptionsFactory);
        ModelSample[] used = Spread(samples, (int)Math.Clamp(MaxWork / Math.Max(1, work.Total), EnoughSamples, int.MaxValue));

        // One sample in three is fitted to, the others judge.
        ModelSample[] fitted = [.. used.Where((_, i) => i % 3 == 0)], judging = [.. used.Where((_, i) => i % 3 != 0)];
        FloatReference reference = new(prepared, judging, options.SessionOptionsFactory, cancellationToken, options.Calibration.Padding);
        if (!reference.HasOutputs)
        {
            return given;
        }

        RefiningTrial start = Try(reference, [given])[0];
        if (start.Loss <= SampleLoss.Negligible)
        {
            return given with { Refinement = new Refinement(reference.Count, start.TypicalLoss, start.TypicalLoss) };
        }

        RefiningTrial smooth = Best(start, Try(reference, [.. SmoothInputs(given, judging)]));
        given = smooth.Refined;

        // Scaling and corrected biases may help only beside each other, so the most promising scaling is tried with both.
        RefiningTrial[] promising =
            [smooth, .. Try(reference, [.. ScaleChannels(given, fitted, used)]).OrderBy(each => each.Level).Take(1)];
        BiasCorrections[] corrections = new BiasCorrections[promising.Length];
        SideBySide.For(promising.Length, i => corrections[i] = Correct(promising[i].Refined, promising[i].Refined.Plan), cancellationToken);
        RefiningTrial best = Best(smooth, [.. promising.Skip(1), .. Try(
            reference, [.. promising.Zip(corrections, (each, found) => each.Refined with { Plan = found.Apply(each.Refined.Plan) })])]);
        int model = Array.FindIndex(promising, each => each.Refined.Model == best.Refined.Model);
        Func<QuantizationPlan, QuantizationPlan>[]? learned = null;
        best = TryFree(best, Learn(best));
        best = KeepFloat(reference, best, work, out IReadOnlyList<ActivationCost> costliest);

        // What the rounding of weights costs may show only now.
        best = TryFree(best, [corrections[model].Apply, .. Learn(best)]);
        plan = best.Refined.Plan;
        return best.Refined with
        {
            Refinement = new Refinement(reference.Count, start.TypicalLoss, best.TypicalLoss)
            {
                ScaledInputs = plan.InputScalings.Length,
                ScaledConvolutions = plan.ChannelScalings.Length,
                LearnedLayers = plan.Nodes.Count(node => !node.RoundingOffsets.IsEmpty),
                CorrectedBiases = plan.Nodes.Count(node => !node.BiasCorrection.IsEmpty),
                FloatActivations = [.. plan.FloatActivations.Except(given.Plan.FloatActivations).Order(StringComparer.Ordinal)],
                CostliestActivations = costliest,
                IntegerShare = work.ShareOf(IntegerWork.LayersOf(plan)),
            },
        };

        BiasCorrections Correct(RefinedModel refined, QuantizationPlan plan) =>
            BiasCorrections.Measure(
                refined.Models, plan, fitted, options.SessionOptionsFactory, cancellationToken, options.Calibration.Padding);

        RefiningTrial TryFree(RefiningTrial simple, Func<QuantizationPlan, QuantizationPlan>[] changes) =>
            Best(simple, Try(reference, [.. changes.Select(change => simple.Refined with { Plan = change(simple.Refined.Plan) })
                .DistinctBy(each => each.Plan).Where(each => each.Plan != simple.Refined.Plan)]));

        // What rounds the weights of a plan as samples teach, without and with biases that are corrected for that; nothing where that is
        // not asked for or does not pay.
        Func<QuantizationPlan, QuantizationPlan>[] Learn(RefiningTrial simple)
        {
            if (learned is null && options.LearnRounding && ShareOfWeights(reference, simple) >= MinShareOfWeights)
            {
                RefinedModel plain = promising[model].Refined;
                LearnedRounding rounding = LearnedRounding.Find(
                    plain,
                    [.. samples.Except(judging)],
                    work,
                    options.SessionOptionsFactory,
                    cancellationToken,
                    options.Calibration.Padding);
                BiasCorrections own = Correct(plain, rounding.Apply(plain.Plan));
                learned = [rounding.Apply, plan => own.Apply(rounding.Apply(plan))];
            }

            return learned ?? [];
        }
    }

    /// <summary>How much of the loss of a plan its rounded weights alone make.</summary>
    private double ShareOfWeights(FloatReference reference, RefiningTrial trial)
    {
        RefinedModel refined = trial.Refined;
        double[] losses = reference.Losses(refined.Models.MakeWithRoundedWeights(refined.Plan).Write(), int.MaxValue, cancellationToken);
        return new RefiningTrial(refined, losses).TypicalLoss / trial.TypicalLoss;
    }

    /// <summary>The model and plan with scaled inputs of MatMul and Gemm; nothing where that is not worth it.</summary>
    private IEnumerable<RefinedModel> SmoothInputs(RefinedModel given, ModelSample[] judging)
    {
        ModelSample[] fitted = [.. samples.Except(judging)];
        if (InputSmoother.Measure(
            given.Model, given.Plan, fitted, options.SessionOptionsFactory, options.Calibration.Padding, cancellationToken) is { } smoother)
        {
            FloatModel scaled = smoother.Apply(given.Model, recipe);
            yield return new RefinedModel(
                scaled, Observe(scaled, given.Calibration, smoother.Values, [.. samples]), smoother.Apply(given.Plan));
        }
    }

    /// <summary>The model and plan with scaled channels, once for each strength.</summary>
    private IEnumerable<RefinedModel> ScaleChannels(RefinedModel given, ModelSample[] fitted, ModelSample[] used)
    {
        if (!options.ScaleChannels || ChannelEqualizer.Measure(
            given.Model, given.Plan, fitted, options.SessionOptionsFactory, cancellationToken) is not { } equalizer)
        {
            yield break;
        }

        List<IReadOnlyList<ChannelScaling>> tried = [];
        foreach ((double ordinary, double depthwise, bool isBalanced) in Strengths)
        {
            IReadOnlyList<ChannelScaling> scalings = equalizer.Choose(ordinary, depthwise, isBalanced);
            if (scalings.Count > 0 && !tried.Any(scalings.SequenceEqual))
            {
                tried.Add(scalings);
                FloatModel scaled = given.Model.WithScaledChannels(scalings, recipe);
                yield return new RefinedModel(
                    scaled,
                    Observe(scaled, given.Calibration, equalizer.ValuesOf(scalings).Where(given.Calibration.Activations.ContainsKey), used),
                    given.Plan with { ChannelScalings = [.. scalings] },
                    given.Models.Ranges);
            }
        }
    }

    /// <summary>The statistics of a scaled model: those of scaled values are observed again, on the samples that are at hand.</summary>
    private ModelCalibration Observe(FloatModel scaled, ModelCalibration before, IEnumerable<string> values, ModelSample[] used)
    {
        FloatModel observed = scaled with { Observations = new ObservationRequest([.. values]) };
        ModelCalibration after = CalibrationRun.Run(
            observed,
            SampleSource.FromEnumerable(used),
            options.Calibration with { SessionOptionsFactory = options.SessionOptionsFactory, Runtime = options.Runtime },
            null,
            cancellationToken);
        SortedDictionary<string, TensorStatistics> all = new(before.Activations.ToDictionary(), StringComparer.Ordinal);
        foreach ((string value, TensorStatistics statistics) in after.Activations)
        {
            all[value] = statistics;
        }

        return new ModelCalibration(before.Model, before.SampleCount, all, before.Origin);
    }

    /// <summary>Leaves activations in float where that halves the loss often enough for what it takes from the integers.</summary>
    private RefiningTrial KeepFloat(
        FloatReference reference, RefiningTrial start, IntegerWork work, out IReadOnlyList<ActivationCost> costliest)
    {
        costliest = [];
        TrialModels models = start.Refined.Models;
        RefinedModel[] candidates;
        GatedModel gated = GatedModel.Make(models.Model, start.Refined.Plan, models.Resolve(start.Refined.Plan));
        if (gated.Gates.Count == 0)
        {
            return start;
        }

        using (ActivationLosses losses = new(reference, gated, Math.Min(GroupSamples, reference.Count), cancellationToken))
        {
            FloatSteps steps = new(models, start.Refined.Plan, work);
            List<ActivationGroup> groups = losses.Find(MaxGroups);
            costliest = [.. steps.Costliest(groups, MaxTold)];
            candidates = [.. steps.Take(groups, MaxPlans).Select(plan => start.Refined with { Plan = plan })];
        }

        // Few samples tell which may be the best, all of them whether it is.
        RefiningTrial[] screened = [.. Try(reference, candidates, ScreeningSamples).OrderBy(Price)];
        RefiningTrial best = start;
        foreach (RefiningTrial trial in Try(reference, [.. screened.Take(2).Select(each => each.Refined)]))
        {
            best = Price(trial) < Price(best) && trial.IsBetterThan(best, CostlyErrors) ? trial : best;
        }

        return best;

        double Price(RefiningTrial trial) =>
            trial.Level + (1 - work.ShareOf(IntegerWork.LayersOf(trial.Refined.Plan))) / options.CostOfHalving;
    }

    /// <summary>So many of the samples, evenly spread.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="most">How many are taken at most.</param>
    public static ModelSample[] Spread(IReadOnlyList<ModelSample> samples, int most) =>
        samples.Count <= most ? [.. samples] : [.. Enumerable.Range(0, most).Select(i => samples[(int)((long)i * samples.Count / most)])];

    private static RefiningTrial Best(RefiningTrial simple, IEnumerable<RefiningTrial> others) =>
        others.Where(other => other.IsBetterThan(simple, FreeErrors)).MinBy(other => other.Level) ?? simple;

    private RefiningTrial[] Try(FloatReference reference, RefinedModel[] candidates, int mostSamples = int.MaxValue)
    {
        RefiningTrial[] trials = new RefiningTrial[candidates.Length];
        SideBySide.For(candidates.Length, Try, cancellationToken);
        return trials;

        void Try(int i)
        {
            RefinedModel candidate = candidates[i];
            trials[i] = new RefiningTrial(
                candidate, reference.Losses(candidate.Models.Write(candidate.Plan), mostSamples, cancellationToken));
        }
    }
}
