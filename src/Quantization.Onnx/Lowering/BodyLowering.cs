using Google.Protobuf.Collections;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Writes the plans of bodies into a written model: each body is written as a model of its own and put back in its place.
/// </summary>
internal static class BodyLowering
{
    /// <summary>Replaces the bodies of a written model that have plans.</summary>
    /// <param name="written">The written model, whose bodies are the float model's.</param>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan.</param>
    public static void Write(ModelProto written, FloatModel model, QuantizationPlan plan)
    {
        foreach (BodyPlan each in plan.Bodies)
        {
            BodyModel body = Find(model, each.Body);
            ModelProto quantized = PlanLowering.Write(body.Model.WithScales(each.Plan, body.Recipe), each.Plan, new WeightRanges());
            Splice(written.Graph, NodeBody.Of(written.Graph).First(other => other.Path == each.Body).Graph, quantized.Graph);
        }

        UnusedConstants.Remove(written.Graph);
    }

    /// <summary>The model of a body.</summary>
    /// <exception cref="ArgumentException">The model has no such body, or it cannot be quantized.</exception>
    public static BodyModel Find(FloatModel model, string path) => model.Bodies.FirstOrDefault(body => body.Body.Path == path) switch
    {
        { Model: { } found } => found,
        { Reason: { } reason } => throw new ArgumentException(
            $"The plan names the body '{path}', but {reason}; take it out of 'bodies'.", nameof(path)),
        _ => throw new ArgumentException(
            $"The plan names the body '{path}', which the model does not have or which has no weights; take it out of 'bodies'.",
            nameof(path)),
    };

    /// <summary>Puts nodes and constants into a body. ONNX forbids names in it that the graphs around it use.</summary>
    private static void Splice(GraphProto outer, GraphProto place, GraphProto made)
    {
        GraphIndex around = new(outer);
        TensorProto[] constants =
            [.. made.Initializer.Where(tensor => around.FindConstant(tensor.Name) is not { } same || !HasContentOf(tensor, same))];
        made.Initializer.Clear();
        made.Initializer.Add(constants);
        HashSet<string> before = [.. DefinedIn(place)], taken = [.. outer.AllGraphs().SelectMany(NamesOf)];
        NameAllocator names = new([outer, made]);
        Dictionary<string, string> renamed = DefinedIn(made).Where(name => taken.Contains(name) && !before.Contains(name)).Distinct()
            .ToDictionary(name => name, _ => names.Next());
        Rename(made, renamed);
        place.Node.Clear();
        place.Node.Add(made.Node);
        place.Initializer.Clear();
        place.Initializer.Add(made.Initializer);
        place.SparseInitializer.Clear();
        place.SparseInitializer.Add(made.SparseInitializer);
        HashSet<string> values = [.. place.Node.SelectMany(node => node.Output)];
        ValueInfoProto[] known = [.. place.ValueInfo.Where(value => values.Contains(value.Name))];
        place.ValueInfo.Clear();
        place.ValueInfo.Add(known);
    }

    private static bool HasContentOf(TensorProto tensor, TensorProto other)
    {
        if (tensor.Name == other.Name)
        {
            return tensor.Equals(other);
        }

        TensorProto named = other.Clone(); // a node that holds a constant need not name it
        named.Name = tensor.Name;
        return tensor.Equals(named);
    }

    /// <summary>What a graph and the graphs inside make or store.</summary>
    private static IEnumerable<string> DefinedIn(GraphProto graph) => graph.AllGraphs()
        .SelectMany(each => each.Node.SelectMany(node => node.Output).Concat(each.Initializer.Select(tensor => tensor.Name)))
        .Concat(graph.AllGraphs().Skip(1).SelectMany(each => each.Input.Select(input => input.Name)))
        .Where(name => name.Length > 0);

    private static IEnumerable<string> NamesOf(GraphProto graph) => graph.Node.SelectMany(node => node.Input.Concat(node.Output))
        .Concat(graph.Initializer.Select(tensor => tensor.Name))
        .Concat(graph.Input.Concat(graph.Output).Select(value => value.Name));

    private static void Rename(GraphProto graph, Dictionary<string, string> renamed)
    {
        foreach (GraphProto each in graph.AllGraphs())
        {
            foreach (NodeProto node in each.Node)
            {
                Rename(node.Input, renamed);
                Rename(node.Output, renamed);
            }

            foreach (TensorProto tensor in each.Initializer)
            {
                tensor.Name = renamed.GetValueOrDefault(tensor.Name, tensor.Name);
            }

            foreach (ValueInfoProto value in each.Input.Concat(each.Output).Concat(each.ValueInfo))
            {
                value.Name = renamed.GetValueOrDefault(value.Name, value.Name);
            }
        }
    }

    private static void Rename(RepeatedField<string> names, Dictionary<string, string> renamed)
    {
        for (int i = 0; i < names.Count; i++)
        {
            names[i] = renamed.GetValueOrDefault(names[i], names[i]);
        }
    }
}
