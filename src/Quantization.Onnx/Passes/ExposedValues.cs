using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Models that give copies of chosen values: of inputs and constants too.</summary>
internal static class ExposedValues
{
    /// <summary>A copy of a model that gives the values alone, and computes nothing else.</summary>
    /// <param name="model">The model, which stays as it is.</param>
    /// <param name="values">The values. The output at a position is called <see cref="NameOf"/>.</param>
    public static ModelProto Of(ModelProto model, IReadOnlyList<string> values)
    {
        ModelProto copy = model.Clone();
        copy.Graph.Output.Clear();
        for (int i = 0; i < values.Count; i++)
        {
            copy.Graph.Node.Add(NodeFactory.Make("Identity", [values[i]], NameOf(i)));
            copy.Graph.Output.Add(new ValueInfoProto { Name = NameOf(i) }); // ONNX Runtime finds the type
        }

        DeadNodes.Remove(copy.Graph);
        return copy;
    }

    /// <summary>What the copy of a value is called.</summary>
    public static string NameOf(int position) => FormattableString.Invariant($"quantization.bodies/{position}");
}
