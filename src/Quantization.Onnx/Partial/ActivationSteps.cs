using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Leaves activations in float, in the order of what they promise for the work that they take from the integers, as many as a target needs.
/// That is finer than whole layers in float: the weights beside them stay int8.
/// </summary>
/// <param name="run">Scores sets.</param>
/// <param name="baseline">The plan to begin with.</param>
/// <param name="samples">Calibration samples; few of them order the activations.</param>
/// <param name="options">How sessions are opened.</param>
/// <param name="cancellationToken">Stops between runs.</param>
internal sealed class ActivationSteps(
    PartialRun run, RefinedModel baseline, IReadOnlyList<ModelSample> samples, PtqOptions options, CancellationToken cancellationToken)
{
    /// <summary>How many groups of activations are measured at most.</summary>
    private const int MaxGroups = 96;

    /// <summary>How many sets are made at most, each larger than the one before.</summary>
    private const int MaxSets = 48;

    /// <summary>How many samples order the activations.</summary>
    private const int OrderingSamples = 4;

    /// <summary>How many models are tried at most.</summary>
    public static int MostTrials => PrefixSearch.MostTrials(MaxSets + 1) + MaxSets;

    /// <summary>The smallest set of activations in float that is good enough; where none is, the best that was found.</summary>
    /// <param name="start">What is done to begin with.</param>
    /// <param name="meets">Whether a score on all samples is good enough.</param>
    public LayerSet Take(LayerSet start, Predicate<TrialScore> meets)
    {
        LayerSet[] growing = [start, .. Grow(start)];
        if (growing.Length == 1)
        {
            return start;
        }

        LayerSet found = PrefixSearch.FindShortest(run, growing, meets);
        return meets(run.Score(found)[0]) ? Reduce(start, found, meets) : found;
    }

    /// <summary>
    /// Sets with more and more activations in float; none where ONNX Runtime refuses the model that measures them, as one of 16-bit floats.
    /// </summary>
    private IReadOnlyList<LayerSet> Grow(LayerSet start)
    {
        try
        {
            return Measure(start);
        }
        catch (Exception e) when (e is OnnxModelException or OnnxRuntimeException)
        {
            return [];
        }
    }

    private IReadOnlyList<LayerSet> Measure(LayerSet start)
    {
        QuantizationPlan plan = run.PlanOf(start);
        TrialModels models = baseline.Models;
        GatedModel gated = GatedModel.Make(models.Model, plan, models.Resolve(plan));
        FloatReference reference = new(
            baseline.Model, [.. samples.Take(OrderingSamples)], options.SessionOptionsFactory, cancellationToken);
        if (gated.Gates.Count == 0 || !reference.HasOutputs)
        {
            return [];
        }

        string[] before = [.. IntegerWork.LayersOf(plan)];
        IntegerWork work = new(baseline.Model, plan, samples[0], options.SessionOptionsFactory);
        using ActivationLosses losses = new(reference, gated, reference.Count, cancellationToken);
        return
        [
            .. new FloatSteps(models, plan, work) { MostInFloat = 1 }.Take(losses.Find(MaxGroups), MaxSets)
                .Select(grown => start with { Activations = grown.FloatActivations.Except(run.Baseline.FloatActivations) })
                .TakeWhile(set => before.Except(IntegerWork.LayersOf(run.PlanOf(set))).Count() <= run.MaxFloatLayers),
        ];
    }

    /// <summary>Codes again for the activations that turn out not to be needed, those first that were taken last.</summary>
    private LayerSet Reduce(LayerSet start, LayerSet found, Predicate<TrialScore> meets)
    {
        string[] more = [.. found.Activations.Except(start.Activations).Order(StringComparer.Ordinal)];
        LayerSet[] without = [.. more.Select(each => found with { Activations = found.Activations.Remove(each) })];
        foreach (string activation in more.Zip(run.ScoreCandidates(without))
            .OrderByDescending(each => each.Second, Comparer<TrialScore>.Create(run.CompareCandidates))
            .Select(each => each.First)
            .Take(MaxSets))
        {
            LayerSet smaller = found with { Activations = found.Activations.Remove(activation) };
            if (!meets(run.Score(smaller)[0]))
            {
                break; // what follows is needed more
            }

            found = smaller;
        }

        return found;
    }
}
