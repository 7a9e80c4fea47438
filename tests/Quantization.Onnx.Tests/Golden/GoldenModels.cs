using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Golden;

/// <summary>
/// The models that searches, partial quantizations and sensitivity measures make. Everything that the golden tests need of the library's
/// internals is here.
/// </summary>
internal sealed class GoldenModels
{
    private readonly TrialModels _models;

    private GoldenModels(TrialModels models) => _models = models;

    /// <summary>Prepares a model and its calibration.</summary>
    public static GoldenModels Load(string path, ModelCalibration calibration, TargetRuntime runtime) =>
        new(new TrialModels(StaticInt8Recipe.Load(path, null, runtime), calibration));

    /// <summary>The names of the nodes with weights that default options quantize, in ordinal order.</summary>
    public static string[] WeightedNodes(string path, TargetRuntime runtime) =>
    [
        .. StaticInt8Recipe.Load(path, null, runtime).Analysis.Whole.Nodes
            .Where(node => node.Weight is not null).Select(node => node.Label).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>The models of every combination of what a search tries.</summary>
    public IEnumerable<(string Name, Func<byte[]> Write)> OfSearch(SearchOptions options)
    {
        IEnumerable<PtqOptions> combinations =
            from granularity in options.WeightGranularities
            from weights in options.WeightCalibrators
            from scheme in options.ActivationSchemes
            from activations in options.ActivationCalibrators
            select options.Baseline with
            {
                WeightGranularity = granularity, WeightCalibrator = weights, ActivationScheme = scheme, ActivationCalibrator = activations,
            };
        return combinations.Prepend(options.Baseline).DistinctBy(SearchTrial.NameOf)
            .Select(combination => (SearchTrial.NameOf(combination), Write(_models.Plan(combination))));
    }

    /// <summary>The model that a partial quantization makes of some layers in float and steps of others.</summary>
    public Func<byte[]> OfPartial(PtqOptions baseline, IEnumerable<string> inFloat, IEnumerable<(string Layer, LayerStep[] Steps)> steps)
    {
        LayerSet set = steps.Aggregate(LayerSet.Empty, (sum, each) => sum.WithSteps(each.Layer, [.. each.Steps]));
        set = inFloat.Aggregate(set, (sum, layer) => sum.WithFloat(layer));
        return Write(set.ApplyTo(_models.Plan(baseline), _models));
    }

    /// <summary>The models of a sensitivity measure, one per layer.</summary>
    public IEnumerable<(string Layer, Func<byte[]> Write)> OfSensitivity(SensitivityMeasure measure, PtqOptions baseline)
    {
        LayerVariants variants = new(_models, _models.Plan(baseline));
        return variants.Layers.Select(layer => (layer.Label, Bytes(variants.Make(measure, layer).Write)));
    }

    private Func<byte[]> Write(QuantizationPlan plan) => Bytes(() => _models.Write(plan));

    private static Func<byte[]> Bytes(Func<ModelProto> write) => () => write().ToByteArray();
}
