using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Makes quantized models of one float model and one calibration, in memory. Safe to use from several threads.</summary>
internal sealed class TrialModels(FloatModel model, ModelCalibration calibration)
{
    private readonly ActivationRangeCache _ranges = new();
    private readonly DeadActivations _dead = DeadActivations.Of(calibration);

    public FloatModel Model => model;

    public GraphIndex Graph { get; } = new(model.Model.Graph);

    public WeightRanges WeightRanges { get; } = new();

    public ModelCalibration Calibration => calibration;

    /// <summary>What options quantize.</summary>
    public QuantizationPlan Plan(PtqOptions options) => _dead.Plan(Graph, model.Target, options.FloatNodes.Contains);

    /// <summary>The model that options give.</summary>
    public ModelProto Write(PtqOptions options) => Make(options).Write();

    /// <summary>The model that options give, to be written when it is needed.</summary>
    public TrialModel Make(PtqOptions options) => Make(options, Plan(options), "", simulate: false);

    /// <summary>The same with a plan of its own.</summary>
    /// <param name="options">The options.</param>
    /// <param name="plan">What to quantize.</param>
    /// <param name="variant">Tells the plan from that of the options.</param>
    /// <param name="simulate">Whether ONNX Runtime is to leave the model unfused.</param>
    public TrialModel Make(PtqOptions options, QuantizationPlan plan, string variant, bool simulate)
    {
        Dictionary<string, QuantizationParameters> parameters = ChooseParameters(options, plan);
        return new TrialModel(variant + KeyOf(options, plan, parameters), () => QdqLowering.Write(model, Graph, plan, parameters, options, WeightRanges), simulate);
    }

    /// <summary>The range of each activation that is calibrated for itself, by name.</summary>
    public IReadOnlyDictionary<string, CalibrationResult> ChooseRanges(PtqOptions options)
    {
        QuantizationPlan plan = Plan(options);
        FrozenSet<string> sources = plan.Activations.Values.ToFrozenSet();
        return ActivationRanges.Choose(model.File.Path, plan, calibration, options, _ranges).Where(each => sources.Contains(each.Key)).ToDictionary();
    }

    /// <summary>The parameters of each value in a plan.</summary>
    public Dictionary<string, QuantizationParameters> ChooseParameters(PtqOptions options, QuantizationPlan plan) =>
        ActivationRanges.Choose(model.File.Path, plan, calibration, options, _ranges).ToDictionary(each => each.Key, each => ActivationRanges.ToParameters(each.Value, options));

    /// <summary>Options with equal keys give the same model, whatever calibrators of activations led there.</summary>
    private string KeyOf(PtqOptions options, QuantizationPlan plan, Dictionary<string, QuantizationParameters> parameters) => string.Join(
        '\n',
        parameters.OrderBy(each => each.Key, StringComparer.Ordinal)
            .Select(each => FormattableString.Invariant($"{each.Key} {each.Value.Scales[0]:R} {each.Value.ZeroPoints[0]}"))
            .Concat(options.FloatNodes.Order(StringComparer.Ordinal))
            .Concat(plan.Dead.Select(dead => $"{dead.Node} 0"))
            .Concat(plan.Nodes.Where(node => node.Weight is not null).Select(node => node.Node.GetLabel()).Where(options.OwnWeights.ContainsKey)
                .Select(node => (Node: node, Own: KeyOfWeights(options.ForWeightsOf(node)))).Where(each => each.Own != KeyOfWeights(options)).Select(each => $"{each.Node}: {each.Own}"))
            .Append($"{KeyOfWeights(options)} {options.ActivationFormat}{(model.Target.IsRunHere ? "" : $" {model.Target.Name}")}"));

    private static string KeyOfWeights(PtqOptions options) => $"{options.WeightGranularity} {options.WeightCalibrator.Name} {options.WeightFormat}";
}
