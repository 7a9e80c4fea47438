using System.Collections.Immutable;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Half precision: operators compute in float16 and weights are stored so, but where values would leave its range; or weights alone are
/// stored as bfloat16. Works without samples, from the weights alone; with samples
/// it also sees which activations leave the range.
/// </summary>
/// <param name="options">The format, and the nodes to leave in 32 bits.</param>
/// <param name="hasSamples">Whether there are samples to observe.</param>
internal sealed class HalfPrecisionRecipe(HalfPrecisionOptions options, bool hasSamples) : IRecipe
{
    /// <summary>What plans call the recipe.</summary>
    public const string RecipeName = "half-precision";

    private readonly Target _target = Targets.Of(new PtqOptions().Runtime);

    /// <summary>
    /// Whether large constants are taken to fit into 16 bits without a look at their values. For a first look at a large model.
    /// </summary>
    public bool TrustsLargeConstants { get; init; }

    /// <inheritdoc />
    public string Name => RecipeName;

    /// <inheritdoc />
    public IReadOnlyList<GraphPass> Passes { get; } =
    [
        new("opset upgrade", OpsetUpgrade.Apply), // Cast knows bfloat16 from operator set 13 on, and the rules know the types of that set
        new("unused constants", (_, model) => UnusedConstants.Remove(model.Graph)),
    ];

    /// <inheritdoc />
    public QuantizableGraph Analyze(GraphIndex graph) => HalfRules.Apply(graph, _target);

    /// <inheritdoc />
    public bool CanQuantize(QuantizableGraph graph) => graph.Facts.Any(each => each.Candidate is not null);

    /// <inheritdoc />
    public ObservationRequest? Observe(QuantizableGraph graph) => hasSamples && options.Format == HalfFormat.Float16
        ? new ObservationRequest([.. graph.Facts.Select(each => each.Candidate)
            .OfType<QuantizableNode>().SelectMany(node => node.Inputs.Concat(HalfNodePlanner.ResultsOf(node)))])
        : null;

    /// <inheritdoc />
    public QuantizationPlan Plan(FloatModel model, ModelCalibration? observations)
    {
        ThrowUnlessNodesOf(model, options);
        HalfNodePlanner planner = new(options, model.Analysis.Graph, observations) { TrustsLargeConstants = TrustsLargeConstants };
        Dictionary<string, string> inFloat = [];
        List<NodePlan> nodes = [];
        foreach (NodeFacts facts in model.Analysis.Facts)
        {
            (NodePlan? plan, string? reason) = planner.Plan(facts);
            if (plan is not null)
            {
                nodes.Add(plan);
            }

            if (reason is not null)
            {
                inFloat[facts.Node.GetLabel()] = reason;
            }

            foreach (string inner in facts.Inner)
            {
                inFloat.TryAdd(inner, $"it is inside of {facts.Node.Describe()}, and the graphs inside of nodes stay as they are");
            }
        }

        return new QuantizationPlan(Name, _target.Name, model.Passes, [.. nodes])
        {
            HasHalfInterface = options.HasHalfInterface && nodes.Count > 0,
            ExcludedNodes = [.. options.FloatNodes],
            Notes = new PlanNotes(inFloat, [])
            {
                Half = options.Format,
                IsBlind = options.Format == HalfFormat.Float16 && observations is null,
            },
        };
    }

    private static void ThrowUnlessNodesOf(FloatModel model, HalfPrecisionOptions options)
    {
        if (options.FloatNodes.Except(model.Model.Graph.Node.Select(GraphExtensions.GetLabel)).FirstOrDefault() is { } unknown)
        {
            Advice advice = ModelAdvice.UnknownFullPrecisionNode(model.File.Path, unknown);
            throw advice.On(new ArgumentException(advice.Message, nameof(options)));
        }
    }
}
