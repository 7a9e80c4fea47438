using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Checks that the nodes that a user names are the model's.</summary>
internal static class NamedNodes
{
    /// <summary>Throws where a node to leave in float is not the model's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="floatNodes">The names.</param>
    /// <param name="options">The type of the options that name them.</param>
    /// <exception cref="ArgumentException">The model has no such node.</exception>
    public static void ThrowUnlessOf(FloatModel model, IEnumerable<string> floatNodes, string options)
    {
        GraphProto graph = model.Model.Graph;
        IEnumerable<string> known = graph.AllGraphs().SelectMany(each => each.Node).Select(GraphExtensions.GetLabel)
            .Concat(NodeBody.PathsOf(graph, _ => true)).Concat(NodeBody.PathsOf(graph));
        if (floatNodes.Any() && floatNodes.Except(known).FirstOrDefault() is { } unknown)
        {
            Advice advice = ModelAdvice.UnknownFloatNode(model.File.Path, unknown, options);
            throw advice.On(new ArgumentException(advice.Message, nameof(options)));
        }
    }
}
