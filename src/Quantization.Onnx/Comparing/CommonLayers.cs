using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Compares layers that two models have, whoever made them. A layer is a node that reads a stored tensor of two axes or more. Layers
/// correspond by the name of what they compute: most tools keep the names of values.
/// </summary>
internal static class CommonLayers
{
    /// <summary>
    /// How far behind a layer per value with a name in both models is looked for: constants beside it and its activation may be part of it.
    /// </summary>
    private const int MaxSteps = 4;

    /// <summary>Compares the layers on some samples. Memory does not grow with their number.</summary>
    public static (IReadOnlyList<ComparedLayer> Layers, int Samples) Compare(
        OnnxModel first, OnnxModel second, IEnumerable<ModelSample> samples, EvaluationOptions options, CancellationToken cancellation)
    {
        (NodeProto Node, string Value)[] layers = [.. Find(first.File.Model.Graph, second.File.Model.Graph)];
        if (layers.Length == 0)
        {
            return ([], 0);
        }

        string[] names = [.. layers.Select(layer => layer.Value)];
        using InferenceSession left = Open(first, names, options), right = Open(second, names, options);
        string[] compared = [.. names.Where(name => IsFloat(left, name) && IsFloat(right, name))];
        Dictionary<string, SignalEnergies> energies = compared.ToDictionary(name => name, _ => default(SignalEnergies));
        int count = 0;
        using RunOptions run = new();
        foreach (ModelSample sample in compared.Length == 0 ? [] : samples)
        {
            cancellation.ThrowIfCancellationRequested();
            using BoundSample bound = SampleBinder.Bind(sample, left.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> expected = left.Run(run, bound.Inputs, compared);
            using IDisposableReadOnlyCollection<OrtValue> actual = right.Run(run, bound.Inputs, compared);
            for (int i = 0; i < compared.Length; i++)
            {
                FloatOutput y = new(expected[i]), other = new(actual[i]);
                if (y.Values.Length != other.Values.Length)
                {
                    energies.Remove(compared[i]); // the same name for something else
                }
                else if (energies.TryGetValue(compared[i], out SignalEnergies sums))
                {
                    energies[compared[i]] = sums.With(y.Values, other.Values);
                }
            }

            count++;
        }

        return (
            [
                .. layers.Where(layer => energies.ContainsKey(layer.Value)).Select(layer => new ComparedLayer(
                    layer.Node.Name.Length > 0 ? layer.Node.Name : layer.Node.Output[0],
                    layer.Node.OpType,
                    layer.Value,
                    energies[layer.Value].SignalToNoise,
                    energies[layer.Value].Cosine)),
            ],
            count);
    }

    /// <summary>The layers of the first graph, each with a value that both graphs compute.</summary>
    private static IEnumerable<(NodeProto Node, string Value)> Find(GraphProto first, GraphProto second)
    {
        GraphIndex index = new(first);
        HashSet<string> computed = [.. second.Node.SelectMany(node => node.Output)];
        HashSet<string> taken = [];
        foreach (NodeProto node in first.Node.Where(node => node.Input.Any(input => index.FindConstant(input)?.Dims.Count >= 2)))
        {
            string? value = node.Output.FirstOrDefault();
            for (int step = 0; step < MaxSteps && value is not null && !computed.Contains(value); step++)
            {
                value = index.Consumers(value) is [var reader] && !index.IsVisibleOutside(value) ? reader.Output.FirstOrDefault() : null;
            }

            if (value is { Length: > 0 } && computed.Contains(value) && taken.Add(value))
            {
                yield return (node, value);
            }
        }
    }

    private static bool IsFloat(InferenceSession session, string name) =>
        session.OutputMetadata.TryGetValue(name, out NodeMetadata? metadata) && metadata.IsTensor
        && metadata.ElementDataType is TensorElementType.Float or TensorElementType.Float16 or TensorElementType.BFloat16
            or TensorElementType.Double;

    private static InferenceSession Open(OnnxModel model, string[] values, EvaluationOptions options) =>
        ModelSession.Open(model.Name, ObservedModel.Of(model.File.Model, values), options.SessionOptionsFactory);
}
