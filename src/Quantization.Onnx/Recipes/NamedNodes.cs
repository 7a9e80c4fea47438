namespace Quantization.Onnx;

/// <summary>Checks that the nodes that a user names are the model's.</summary>
internal static class NamedNodes
{
    /// <summary>Throws where a node to leave in float is not the model's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="floatNodes">The names.</param>
    /// <param name="options">The type of the options that name them.</param>
    /// <exception cref="ArgumentException">The model has no such node.</exception>
    public static void ThrowUnlessOf(FloatModel model, IEnumerable<string> floatNodes, string options) =>
        ThrowUnlessAmong(model, model.Model.Graph.Node.Select(GraphExtensions.GetLabel), floatNodes, $"{options}.{nameof(PtqOptions.FloatNodes)}", "node");

    /// <summary>Throws where a name is of no known node.</summary>
    /// <param name="model">The model.</param>
    /// <param name="known">The names of its nodes.</param>
    /// <param name="names">The names to check.</param>
    /// <param name="options">The option that holds them.</param>
    /// <param name="kind">What the names are of.</param>
    /// <exception cref="ArgumentException">A name is of none.</exception>
    public static void ThrowUnlessAmong(FloatModel model, IEnumerable<string> known, IEnumerable<string> names, string options, string kind)
    {
        if (names.Except(known).FirstOrDefault() is { } unknown)
        {
            throw new ArgumentException(
                $"{model.File.Path}: {options} names '{unknown}', but the model has no such {kind}, or it was folded into another; PtqResult.QuantizedNodes lists those that can be named.",
                nameof(options));
        }
    }
}
