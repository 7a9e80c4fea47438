using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Improves a plan whose ranges are found at run time: the inputs of MatMul and Gemm are scaled to share their range better. That is kept
/// only where the quantized model comes nearer to the float model on samples that were not used for fitting.
/// </summary>
/// <param name="recipe">The recipe that made the plan.</param>
/// <param name="samples">The samples.</param>
/// <param name="options">How sessions are opened.</param>
/// <param name="cancellationToken">Stops between runs.</param>
internal sealed class DynamicRefiner(
    IRecipe recipe, IReadOnlyList<ModelSample> samples, PtqOptions options, CancellationToken cancellationToken)
{
    /// <summary>How many samples are read.</summary>
    public const int MostSamples = 64;

    private const int MaxJudges = 16;

    /// <summary>The improved plan, with the model that it is for; the same where nothing improves it or can be measured.</summary>
    /// <param name="prepared">The float model.</param>
    /// <param name="observations">A calibration that holds nothing.</param>
    /// <param name="plan">The plan.</param>
    public RefinedModel Refine(FloatModel prepared, ModelCalibration observations, QuantizationPlan plan)
    {
        RefinedModel given = new(prepared, observations, plan);
        if (samples.Count < PlanRefiner.LeastSamples || plan.Nodes.Length == 0)
        {
            return given;
        }

        options.Probe?.Check(prepared.File.Path, given.Models.Write(plan), samples[0], cancellationToken);
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
        ModelSample[] judging = [.. samples.Where((_, i) => i % 3 == 2).Take(MaxJudges)], fitted = [.. samples.Except(judging)];
        if (InputSmoother.Measure(
            given.Model, given.Plan, fitted, options.SessionOptionsFactory, options.Calibration.Padding,
            cancellationToken) is not { } smoother)
        {
            return given;
        }

        FloatReference reference = new(given.Model, judging, options.SessionOptionsFactory, cancellationToken, options.Calibration.Padding);
        if (!reference.HasOutputs)
        {
            return given;
        }

        RefinedModel smooth = new(smoother.Apply(given.Model, recipe), given.Calibration, smoother.Apply(given.Plan));
        RefiningTrial[] trials = [.. ((RefinedModel[])[given, smooth]).Select(Try)];
        RefiningTrial best = trials[1].IsBetterThan(trials[0], errors: 1) ? trials[1] : trials[0];
        return best.Refined with
        {
            Refinement = new Refinement(
                reference.Count, trials[0].TypicalLoss, best.TypicalLoss) { ScaledInputs = best.Refined.Plan.InputScalings.Length },
        };

        RefiningTrial Try(RefinedModel refined) =>
            new(refined, reference.Losses(refined.Models.Write(refined.Plan), int.MaxValue, cancellationToken));
    }
}
