using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Makes models of the bodies of a model's nodes. It needs no sample, so a plan finds the same models again.</summary>
/// <param name="modelPath">What messages call the model.</param>
/// <param name="outer">The model.</param>
/// <param name="recipe">The recipe of the model.</param>
/// <param name="optionsFactory">The user's session options; null for the defaults.</param>
/// <param name="largestInMemory">A larger model goes to ONNX Runtime by way of files.</param>
internal sealed class BodyModels(
    string modelPath, ModelProto outer, IRecipe recipe, Func<SessionOptions>? optionsFactory, long largestInMemory)
{
    private readonly GraphIndex _graph = new(outer.Graph);

    /// <summary>Finds the bodies that have weights inside.</summary>
    public IReadOnlyList<FoundBody> Find()
    {
        List<NodeBody> bodies = [.. NodeBody.Of(outer.Graph).Where(body => body.WeightedNodes.Any())];
        if (bodies.Count == 0 || recipe.InBody(bodies[0]) is null)
        {
            return [];
        }

        HashSet<string> paths = [];
        SegmentTypes types;
        try
        {
            types = FindTypes(bodies);
        }
        catch (OnnxModelException e)
        {
            string reason = $"the values that it reads from the graph around it cannot be computed: {e.Message}";
            return [.. bodies.Select(body => new FoundBody(body, null, reason))];
        }

        return
        [
            .. bodies.Select(body => paths.Add(body.Path) ? Make(body, types)
                : new FoundBody(body, null, "two nodes with graphs inside have the same name")),
        ];
    }

    /// <summary>The values of the outer graph that a body's runs depend on: what it reads, and the inputs of its node.</summary>
    /// <param name="body">The body.</param>
    /// <param name="graph">The graph around it.</param>
    public static IEnumerable<string> ValuesOf(NodeBody body, GraphIndex graph) =>
        CapturedBy(body, graph).Concat(body.Node.Input.Where(value => value.Length > 0)).Distinct();

    private static IEnumerable<string> CapturedBy(NodeBody body, GraphIndex graph) =>
        Branches.CapturedBy([body.Graph]).Where(value => value.Length > 0 && graph.FindConstant(value) is null)
            .Order(StringComparer.Ordinal);

    private SegmentTypes FindTypes(List<NodeBody> bodies)
    {
        SegmentTypes types = new();
        string[] values = [.. bodies.SelectMany(body => ValuesOf(body, _graph)).Distinct()];
        if (values.Length == 0)
        {
            return types;
        }

        using InferenceSession session = ModelSession.Open(
            modelPath,
            ExposedValues.Of(outer, values),
            optionsFactory,
            options => options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            largestInMemory);
        for (int i = 0; i < values.Length; i++)
        {
            NodeMetadata found = session.OutputMetadata[ExposedValues.NameOf(i)];
            if (found.IsTensor && SampleElementType.SizeOf(found.ElementDataType) > 0)
            {
                types.TryAdd(values[i], found);
            }
        }

        return types;
    }

    private FoundBody Make(NodeBody body, SegmentTypes types)
    {
        if (body.Kind is not { } kind)
        {
            return new FoundBody(body, null, $"it is not known when {body.Node.Describe()} runs the graph inside of it");
        }

        string[] captured = [.. CapturedBy(body, _graph)];
        if (captured.Concat(body.Node.Input).FirstOrDefault(value => value.Length > 0 && !types.Knows(value)) is { } unknown)
        {
            return new FoundBody(body, null, $"it depends on '{unknown}', which is no tensor of numbers");
        }

        if (captured.Length + body.Graph.Input.Count == 0)
        {
            return new FoundBody(body, null, "it reads only constants");
        }

        ModelProto runnable = MakeModel(body, kind, captured, types);
        IRecipe inner = recipe.InBody(body)!;
        try
        {
            FloatModel model = FloatModel.Load(
                OnnxModel.FromMade($"{modelPath}, {body.Path}", runnable), inner, optionsFactory, largestInMemory);
            return new FoundBody(body, new BodyModel(body, kind, captured, runnable, model, inner), null);
        }
        catch (OnnxModelException e)
        {
            return new FoundBody(body, null, $"it cannot be a model of its own: {e.Message}");
        }
    }

    private ModelProto MakeModel(NodeBody body, BodyKind kind, string[] captured, SegmentTypes types)
    {
        ModelProto model = new() { IrVersion = outer.IrVersion };
        model.OpsetImport.Add(outer.OpsetImport);
        model.Functions.Add(outer.Functions);
        GraphProto graph = model.Graph = body.Graph.Clone();
        for (int i = 0; i < graph.Input.Count; i++)
        {
            if (graph.Input[i].Type?.TensorType is not { ElemType: not 0 })
            {
                graph.Input[i] = BodyInputs.Describe(body, kind, i, types);
            }
        }

        HashSet<string> own = [.. graph.Initializer.Select(tensor => tensor.Name)];
        graph.Input.Add(captured.Select(types.Describe));
        foreach (string name in Branches.CapturedBy([body.Graph]).Order(StringComparer.Ordinal))
        {
            if (_graph.FindConstant(name) is { } constant && own.Add(name))
            {
                TensorProto tensor = constant.Clone();
                tensor.Name = name;
                graph.Initializer.Add(tensor);
            }
        }

        return model;
    }
}
