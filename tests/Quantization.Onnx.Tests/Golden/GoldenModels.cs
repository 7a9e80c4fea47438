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
        new(new TrialModels(FloatModel.Load(path, null, runtime), calibration));

    /// <summary>The names of the nodes with weights that default options quantize, in ordinal order.</summary>
    public static string[] WeightedNodes(string path, TargetRuntime runtime) =>
    [
        .. Planner.Plan(new GraphIndex(FloatModel.Load(path, null, runtime).Model.Graph), Targets.Of(runtime)).Nodes
            .Where(node => node.Weight is not null).Select(node => node.Node.GetLabel()).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>The models of a search's combinations.</summary>
    public IEnumerable<(string Name, Func<byte[]> Write)> OfSearch(SearchOptions options) =>
        TrialGrid.Combine(options).Select(combination => (SearchTrial.NameOf(combination), Write(combination)));

    /// <summary>The model that a partial quantization makes of some layers in float and steps of others.</summary>
    public Func<byte[]> OfPartial(PtqOptions baseline, IEnumerable<string> inFloat, IEnumerable<(string Layer, LayerStep[] Steps)> steps)
    {
        LayerSet set = steps.Aggregate(LayerSet.Empty, (sum, each) => sum.WithSteps(each.Layer, [.. each.Steps]));
        set = inFloat.Aggregate(set, (sum, layer) => sum.WithFloat(layer));
        return Write(set.ApplyTo(baseline, _models.Plan(baseline)));
    }

    /// <summary>The models of a sensitivity measure, one a layer.</summary>
    public IEnumerable<(string Layer, Func<byte[]> Write)> OfSensitivity(SensitivityMeasure measure, PtqOptions baseline)
    {
        LayerVariants variants = new(_models, baseline);
        return variants.Layers.Select(layer => (layer.Node.GetLabel(), Bytes(variants.Make(measure, layer).Write)));
    }

    private Func<byte[]> Write(PtqOptions options) => Bytes(() => _models.Write(options));

    private static Func<byte[]> Bytes(Func<ModelProto> write) => () => write().ToByteArray();
}
