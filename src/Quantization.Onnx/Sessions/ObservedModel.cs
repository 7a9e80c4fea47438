using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Models that give other values than their own outputs.</summary>
internal static class ObservedModel
{
    /// <summary>
    /// A copy of a model that gives the wanted values; a name is all that ONNX Runtime needs of values that are no outputs yet.
    /// </summary>
    public static ModelProto Of(ModelProto model, IEnumerable<string> values)
    {
        ModelProto copy = model.Clone();
        copy.Graph.Output.Clear();
        copy.Graph.Output.Add(values.Select(
            value => model.Graph.Output.FirstOrDefault(output => output.Name == value)?.Clone() ?? new ValueInfoProto { Name = value }));
        return copy;
    }
}
