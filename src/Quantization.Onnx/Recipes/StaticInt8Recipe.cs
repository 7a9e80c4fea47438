using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Static int8: weights and activations become codes whose parameters are fixed before the model runs. Nodes with weights are quantized for
/// themselves, others where they lie between these. Needs samples, for the ranges of activations.
/// </summary>
/// <param name="options">Formats, schemes, granularities, calibrators, and the nodes to leave in float.</param>
internal sealed class StaticInt8Recipe(PtqOptions options) : IRecipe
{
    private readonly StaticInt8Encodings _encodings = new(options);
    private readonly Target _target = Targets.Of(options.Runtime);

    /// <inheritdoc />
    public string Name => "static-int8";

    /// <inheritdoc />
    public IReadOnlyList<GraphPass> Passes { get; } =
    [
        new("opset upgrade", OpsetUpgrade.Apply), // per-channel DequantizeLinear came with operator set 13
        new("hard-sigmoid form", (_, model) => HardSigmoidForm.Apply(model.Graph)), // fewer float operators, and what saturates can be seen
        new("affine folding", (_, model) => AffineFolding.Apply(model.Graph)), // constants beside a Conv would keep codes from flowing on
        new("linear pairs", (_, model) => LinearPairs.Apply(model.Graph)), // one convolution for two rounds once, and has no range between
        new("unused constants", (_, model) => UnusedConstants.Remove(model.Graph)),
    ];

    /// <summary>Whether the model is a body, whose nodes may have been named by paths that its cleaning took away.</summary>
    private bool IsOfBody { get; init; }

    /// <summary>Whether all nodes stay in float.</summary>
    private bool LeavesAll { get; init; }

    /// <summary>Prepares a model for static int8 with the defaults for a runtime.</summary>
    /// <inheritdoc cref="FloatModel.Load"/>
    public static FloatModel Load(
        OnnxModel source, Func<SessionOptions>? optionsFactory, TargetRuntime runtime, long largestInMemory = ModelStore.LargestInMemory) =>
        FloatModel.Load(source, new StaticInt8Recipe(new PtqOptions { Runtime = runtime }), optionsFactory, largestInMemory);

    /// <inheritdoc />
    public QuantizableGraph Analyze(GraphIndex graph) => Int8Rules.Apply(graph, _target);

    /// <inheritdoc />
    public bool CanQuantize(QuantizableGraph graph) => graph.Whole.Nodes.Count > 0 || graph.Facts.Any(each => each.Inner.Count > 0);

    /// <inheritdoc />
    public ObservationRequest? Observe(QuantizableGraph graph) =>
        graph.Whole.Nodes.Count > 0 ? new ObservationRequest([.. graph.Whole.Sources.Values]) : null;

    /// <inheritdoc />
    IRecipe? IRecipe.InBody(NodeBody body) => InBody(body);

    /// <summary>The recipe for a body.</summary>
    public StaticInt8Recipe InBody(NodeBody body)
    {
        HashSet<string> inside = [.. body.Graph.AllGraphs().SelectMany(graph => graph.Node).Select(GraphExtensions.GetLabel)];
        string prefix = body.NameInside("");

        // The node or the body stands for all inside.
        bool isFloat = LeavesAll || options.FloatNodes.Contains(body.Path) || options.FloatNodes.Contains(body.Node.GetLabel());
        return new StaticInt8Recipe(options with
        {
            FloatNodes = options.FloatNodes.Where(node => node.StartsWith(prefix, StringComparison.Ordinal))
                .Select(node => node[prefix.Length..])
                .Concat(options.FloatNodes.Where(inside.Contains)).ToHashSet(),
            OwnCalibrators = ValueDictionary<string, ICalibrator>.Empty, // what names values and weights, names those of the main graph
            OwnWeights = ValueDictionary<string, WeightOptions>.Empty,
            WeightOnlyNodes = ValueSet.Empty,
            FloatActivations = ValueSet.Empty,
        }) { IsOfBody = true, LeavesAll = isFloat };
    }

    /// <inheritdoc />
    public QuantizationPlan Plan(FloatModel model, ModelCalibration? observations)
    {
        if (!IsOfBody)
        {
            ThrowUnlessNodesOf(model, options);
        }

        IReadOnlySet<string> floatNodes = !LeavesAll ? options.FloatNodes
            : model.Analysis.Whole.Nodes.Where(node => node.Role is NodeRole.Weighted or NodeRole.Product or NodeRole.TableLookup)
                .Select(node => node.Label).ToHashSet();
        FloatParts inFloat = new(floatNodes, options.FloatActivations, options.WeightOnlyNodes);
        NodeSelection selection = observations is null
            ? NodeSelector.Select(model.Analysis, inFloat)
            : DeadActivations.Of(observations).Select(model.Analysis, inFloat);
        return new QuantizationPlan(Name, _target.Name, model.Passes, _encodings.Encode(selection, model.Analysis.Graph))
        {
            ExcludedNodes = [.. floatNodes],
            WeightOnlyNodes = [.. options.WeightOnlyNodes],
            FloatActivations = [.. options.FloatActivations],
            Notes = selection.Notes,
        };
    }

    /// <summary>Checks that the nodes that the options name are the model's.</summary>
    private static void ThrowUnlessNodesOf(FloatModel model, PtqOptions options)
    {
        NamedNodes.ThrowUnlessOf(model, options.FloatNodes, nameof(PtqOptions));
        IEnumerable<string> weighted = model.Analysis.Whole.Nodes.Where(each => each.Weight is not null).Select(each => each.Label);
        IEnumerable<string> multiplying = model.Analysis.Whole.Nodes.Where(each => each.Role == NodeRole.Weighted)
            .Select(each => each.Label);
        if (options.WeightOnlyNodes.Except(multiplying).FirstOrDefault() is { } noWeights)
        {
            throw Refuse(ModelAdvice.UnknownWeightsNode(model.File.Path, noWeights));
        }

        if (options.FloatActivations.Except(model.Analysis.Whole.Sources.Values).FirstOrDefault() is { } activation)
        {
            throw new ArgumentException(
                $"{model.File.Path} has no activation '{activation}' that becomes codes by ranges of its own, so it cannot be left in "
                    + "float; PtqResult.Activations lists those that become codes.",
                nameof(options));
        }

        if (options.OwnWeights.Count > 0 && options.OwnWeights.Keys.Except(weighted).FirstOrDefault() is { } unknown)
        {
            throw Refuse(ModelAdvice.UnknownWeightsNode(model.File.Path, unknown));
        }

        static ArgumentException Refuse(Advice advice) => advice.On(new ArgumentException(advice.Message, nameof(options)));
    }
}
