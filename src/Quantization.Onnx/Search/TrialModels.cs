using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Makes quantized models of one float model and one calibration, in memory. Safe to use from several threads.</summary>
internal sealed class TrialModels
{
    private readonly PlanExclusion _exclusion;
    private readonly WeightRanges _weightRanges = new();

    /// <param name="model">The float model.</param>
    /// <param name="calibration">What was observed of it.</param>
    /// <param name="earlier">The ranges of another model, some of whose statistics may be the same; null for none.</param>
    public TrialModels(FloatModel model, ModelCalibration calibration, ActivationRanges? earlier = null)
    {
        Model = model;
        Calibration = calibration;
        Ranges = new ActivationRanges(model.File.Path, calibration, earlier);
        _exclusion = new PlanExclusion(model.Analysis, DeadActivations.Of(calibration));
    }

    /// <summary>The float model.</summary>
    public FloatModel Model { get; }

    /// <summary>What was observed of it.</summary>
    public ModelCalibration Calibration { get; }

    /// <summary>The ranges of activations that were chosen so far.</summary>
    public ActivationRanges Ranges { get; }

    /// <summary>The plan that options give.</summary>
    /// <exception cref="ArgumentException">The options name a node that the model does not have.</exception>
    public QuantizationPlan Plan(PtqOptions options) => new StaticInt8Recipe(options).Plan(Model, Calibration);

    /// <summary>A plan that leaves more nodes in float.</summary>
    public QuantizationPlan Exclude(QuantizationPlan plan, IEnumerable<string> nodes) => Exclude(plan, FloatParts.Of(nodes.ToHashSet()));

    /// <summary>A plan that leaves more in float.</summary>
    public QuantizationPlan Exclude(QuantizationPlan plan, FloatParts more) => _exclusion.Exclude(plan, more);

    /// <summary>A plan that leaves more activations in float, given by the values whose statistics they take.</summary>
    public QuantizationPlan KeepFloat(QuantizationPlan plan, IEnumerable<string> activations) =>
        Exclude(plan, FloatParts.None with { Activations = activations.ToHashSet() });

    /// <summary>The plan with the parameters of each activation: what tells it from others.</summary>
    public QuantizationPlan Resolve(QuantizationPlan plan) => Ranges.Resolve(plan);

    /// <summary>The model of a plan, to be written when it is needed.</summary>
    public TrialModel Make(QuantizationPlan plan)
    {
        QuantizationPlan resolved = Resolve(plan);
        return new TrialModel(KeyOf(resolved), () => PlanLowering.Write(Model, resolved, _weightRanges));
    }

    /// <summary>
    /// The model of a plan with activations as codes and weights in float. ONNX Runtime must not quantize these by itself.
    /// </summary>
    public TrialModel MakeWithFloatWeights(QuantizationPlan plan)
    {
        QuantizationPlan resolved = Resolve(plan.WithoutWeights());
        return new TrialModel($"activations {KeyOf(resolved)}", () => PlanLowering.Write(Model, resolved, _weightRanges), Simulate: true);
    }

    /// <summary>The float model with the weights that a plan's codes stand for.</summary>
    public TrialModel MakeWithRoundedWeights(QuantizationPlan plan)
    {
        QuantizationPlan resolved = Resolve(plan);
        return new TrialModel($"weights {KeyOf(resolved)}", () => RoundedWeights.Write(Model, resolved, Rounding));
    }

    /// <summary>The model of a plan.</summary>
    public ModelProto Write(QuantizationPlan plan) => PlanLowering.Write(Model, Resolve(plan), _weightRanges);

    /// <summary>The weights of a node as codes, with those of its activations.</summary>
    public QuantizedWeight Round(QuantizableNode node, NodePlan plan) => Rounding.Round(new PlannedNode(node, plan));

    /// <summary>The range of each activation that is calibrated for itself, by name.</summary>
    public IReadOnlyDictionary<string, CalibrationResult> ChooseRanges(QuantizationPlan plan)
    {
        Dictionary<string, CalibrationResult> chosen = Ranges.Choose(plan);
        HashSet<string> sources =
            [.. plan.Activations.Select(each => each.Encoding.Range).OfType<ObservedRange>().Select(rule => rule.Source)];
        return chosen.Where(each => sources.Contains(each.Key)).ToDictionary();
    }

    /// <summary>The plan with all that was found for it, which gives the same model without a calibration.</summary>
    public QuantizationPlan Record(QuantizationPlan plan) => PlanRecord.Of(Resolve(plan), Model, Rounding);

    /// <summary>
    /// Equal keys mean equal models, in this run and in others: a calibrator of the user's own counts by the scales that it leads to, not
    /// by its name.
    /// </summary>
    private string KeyOf(QuantizationPlan resolved) => PlanRecord.Of(resolved, Model, Rounding).Hash;

    private WeightRounding Rounding => new(Model.File.Path, _weightRanges);
}
