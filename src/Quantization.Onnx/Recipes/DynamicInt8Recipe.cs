using System.Collections.Frozen;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Dynamic int8: the weights of MatMul and Gemm become int8 codes, and their inputs become codes at run time, with a range found anew at
/// each run. Tables of embeddings become codes for their size. Needs no samples.
/// ONNX Runtime multiplies integers.
/// </summary>
internal sealed class DynamicInt8Recipe : IRecipe
{
    private static readonly Target Target = Targets.Of(TargetRuntime.OnnxRuntimeCpu);

    /// <summary>The names of nodes to leave in float. The default is none.</summary>
    public IReadOnlySet<string> ExcludedNodes { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Chooses the range of each channel's weights. The default is <see cref="MaxCalibrator"/>: no weight is clipped.</summary>
    public ICalibrator Calibrator { get; init; } = new MaxCalibrator();

    /// <summary>The codes of weights, stored as int8.</summary>
    public CodeFormat WeightFormat { get; init; } = CodeFormat.Int8.Restricted;

    /// <summary>One scale for each output channel, the default, or one for the tensor.</summary>
    public GranularityKind Granularity { get; init; } = GranularityKind.PerChannel;

    /// <inheritdoc />
    public string Name => "dynamic-int8";

    /// <inheritdoc />
    public IReadOnlyList<GraphPass> Passes { get; } =
    [
        new("opset upgrade", OpsetUpgrade.Apply), // per-channel DequantizeLinear came with operator set 13
        new("unused constants", (_, model) => UnusedConstants.Remove(model.Graph)),
    ];

    /// <inheritdoc />
    public void CleanBodies(string modelPath, ModelProto model, Func<SessionOptions>? optionsFactory) =>
        BodyConstants.Store(modelPath, model, optionsFactory, hasRecurrentLayers: true);

    /// <inheritdoc />
    public QuantizableGraph Analyze(GraphIndex graph) => DynamicRules.Apply(graph, Target);

    /// <inheritdoc />
    public bool CanQuantize(QuantizableGraph graph) => graph.Whole.Nodes.Count > 0;

    /// <inheritdoc />
    public ObservationRequest? Observe(QuantizableGraph graph) => null;

    /// <inheritdoc />
    public QuantizationPlan Plan(FloatModel model, ModelCalibration? observations)
    {
        NamedNodes.ThrowUnlessOf(model, ExcludedNodes, nameof(DynamicOptions));
        NodeSelection selection = NodeSelector.Select(model.Analysis, FloatParts.Of(ExcludedNodes));
        TensorEncoding weights = new(WeightFormat, QuantizationScheme.Symmetric, Granularity, new OwnRange(Calibrator));
        TensorEncoding input = new(CodeFormat.UInt8, QuantizationScheme.Affine, GranularityKind.PerTensor, new DynamicRange());
        return new QuantizationPlan(Name, Target.Name, model.Passes, NodeEncoder.EncodeDynamic(selection, weights, weights, input))
        {
            ExcludedNodes = [.. ExcludedNodes],
            Notes = selection.Notes,
        };
    }
}
