using System.Collections.Frozen;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Weight-only int8: the weights of MatMul and Gemm and the tables of embeddings become int8 codes with a scale for each output channel or
/// row; activations stay float. Needs no samples. Written as DequantizeLinear before the operator, in operator set 13, so any runtime runs
/// it; ONNX Runtime multiplies by the codes themselves.
/// </summary>
internal sealed class WeightOnlyInt8Recipe : IRecipe
{
    private static readonly Target Target = Targets.Of(TargetRuntime.OnnxRuntimeCpu);

    /// <summary>The names of nodes to leave in float. The default is none.</summary>
    public IReadOnlySet<string> ExcludedNodes { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Chooses the range of each channel's weights. The default is <see cref="MaxCalibrator"/>: no weight is clipped.</summary>
    public ICalibrator Calibrator { get; init; } = new MaxCalibrator();

    /// <inheritdoc />
    public string Name => "weight-only-int8";

    /// <inheritdoc />
    public IReadOnlyList<GraphPass> Passes { get; } =
    [
        new("opset upgrade", OpsetUpgrade.Apply), // per-channel DequantizeLinear came with operator set 13
        new("unused constants", (_, model) => UnusedConstants.Remove(model.Graph)),
    ];

    /// <inheritdoc />
    public void CleanBodies(string modelPath, ModelProto model, Func<SessionOptions>? optionsFactory) =>
        BodyConstants.Store(modelPath, model, optionsFactory, hasRecurrentLayers: false);

    /// <inheritdoc />
    public QuantizableGraph Analyze(GraphIndex graph) => MatrixRules.Apply(graph, Target, MatrixRules.NoConvolution);

    /// <inheritdoc />
    public bool CanQuantize(QuantizableGraph graph) => graph.Whole.Nodes.Count > 0;

    /// <inheritdoc />
    public ObservationRequest? Observe(QuantizableGraph graph) => null;

    /// <inheritdoc />
    public QuantizationPlan Plan(FloatModel model, ModelCalibration? observations)
    {
        NamedNodes.ThrowUnlessOf(model, ExcludedNodes, nameof(WeightOnlyOptions));
        NodeSelection selection = NodeSelector.Select(model.Analysis, FloatParts.Of(ExcludedNodes));
        TensorEncoding weights = new(
            CodeFormat.Int8.Restricted, QuantizationScheme.Symmetric, GranularityKind.PerChannel, new OwnRange(Calibrator));
        return new QuantizationPlan(Name, Target.Name, model.Passes, NodeEncoder.EncodeWeights(selection, weights))
        {
            ExcludedNodes = [.. ExcludedNodes],
            Notes = selection.Notes,
        };
    }
}
