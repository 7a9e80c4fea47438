using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Computes weights in the bodies of nodes that are constant but cut, joined or reshaped from stored tensors at each run. Bodies are not
/// cleaned as main graphs are, so rules would not see that they are constant.
/// </summary>
internal static class BodyConstants
{
    /// <summary>Stores the weights of layers that multiply by matrices. Where a value cannot be computed, it stays as it is.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="model">The model, which is changed.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="hasRecurrentLayers">Whether to store the weights of recurrent layers too.</param>
    public static void Store(string modelPath, ModelProto model, Func<SessionOptions>? optionsFactory, bool hasRecurrentLayers)
    {
        NameAllocator? names = null;
        Visit(new GraphIndex(model.Graph));

        void Visit(GraphIndex graph)
        {
            foreach (GraphProto body in graph.Graph.Node.SelectMany(GraphExtensions.Subgraphs).ToArray())
            {
                GraphIndex index = new(body, graph);
                (NodeProto Node, int Input)[] open =
                [
                    .. body.Node.SelectMany(node => WeightsOf(node, hasRecurrentLayers).Select(input => (node, input)))
                        .Where(each => IsComputed(each.node.Input[each.input], index)),
                ];
                string[] values = [.. open.Select(each => each.Node.Input[each.Input]).Distinct()];
                if (values.Length > 0 && Compute(modelPath, model, index, values, optionsFactory) is { } computed)
                {
                    names ??= new NameAllocator(model.Graph);
                    Dictionary<string, string> stored = [];
                    foreach ((string value, TensorProto tensor) in computed)
                    {
                        tensor.Name = stored[value] = names.Next();
                        body.Initializer.Add(tensor);
                    }

                    foreach ((NodeProto node, int input) in open)
                    {
                        node.Input[input] = stored.GetValueOrDefault(node.Input[input], node.Input[input]);
                    }

                    DeadNodes.Remove(body);
                    index = new GraphIndex(body, graph);
                }

                Visit(index);
            }
        }
    }

    /// <summary>The inputs of a node that hold its matrices.</summary>
    private static IEnumerable<int> WeightsOf(NodeProto node, bool hasRecurrentLayers) =>
        WeightSlot.CanHaveWeights(node) ? [WeightSlot.WeightInput]
        : hasRecurrentLayers && node.OpType == "LSTM" && Opset.IsOnnx(node.Domain)
            ? [WeightSlot.WeightInput, RecurrentMatrices.RecurrenceInput]
        : [];

    private static bool IsComputed(string value, GraphIndex graph) =>
        graph.FindConstant(value) is null && ChainOf([value], graph) is not null;

    /// <summary>The nodes that compute values from stored tensors alone; null where others take part.</summary>
    private static HashSet<NodeProto>? ChainOf(IEnumerable<string> values, GraphIndex graph)
    {
        HashSet<NodeProto> chain = new(ReferenceEqualityComparer.Instance);
        Stack<string> open = new(values);
        while (open.TryPop(out string? value))
        {
            if (value.Length == 0 || graph.FindConstant(value) is not null)
            {
                continue;
            }

            if (graph.FindProducer(value) is not { } node || !Opset.IsOnnx(node.Domain) || node.Subgraphs().Any() || IsRandom(node))
            {
                return null;
            }

            if (chain.Add(node))
            {
                foreach (string input in node.Input)
                {
                    open.Push(input);
                }
            }
        }

        return chain;
    }

    /// <summary>Whether a node may give another value at each run. One without inputs holds a value, or makes random numbers.</summary>
    private static bool IsRandom(NodeProto node) => node.OpType is "Bernoulli" or "Dropout" or "Multinomial"
        || node.OpType.StartsWith("Random", StringComparison.Ordinal) || (node.Input.Count == 0 && node.OpType != "Constant");

    private static List<(string Value, TensorProto Tensor)>? Compute(
        string modelPath, ModelProto model, GraphIndex graph, string[] values, Func<SessionOptions>? optionsFactory)
    {
        HashSet<NodeProto> chain = ChainOf(values, graph)!;
        ModelProto small = new() { IrVersion = model.IrVersion, Graph = new GraphProto { Name = graph.Graph.Name } };
        small.OpsetImport.Add(model.OpsetImport);
        small.Graph.Node.Add(graph.Graph.Node.Where(chain.Contains));
        HashSet<string> made = [.. chain.SelectMany(node => node.Output)];
        foreach (string name in chain.SelectMany(node => node.Input).Where(name => name.Length > 0 && !made.Contains(name)).Distinct())
        {
            TensorProto tensor = graph.FindConstant(name)!.Clone();
            tensor.Name = name;
            small.Graph.Initializer.Add(tensor);
        }

        small.Graph.Output.Add(values.Select(value => new ValueInfoProto { Name = value }));
        try
        {
            using InferenceSession session = ModelSession.Open(modelPath, small, optionsFactory);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue>(), values);
            return
            [
                .. values.Zip(outputs).Where(each => each.Second.GetTensorTypeAndShape().ElementDataType == TensorElementType.Float)
                    .Select(each => (each.First, Read(each.Second))),
            ];
        }
        catch (Exception e) when (e is OnnxModelException or OnnxRuntimeException)
        {
            return null;
        }
    }

    private static TensorProto Read(OrtValue value) =>
        TensorData.Make<float>(TensorProto.Types.DataType.Float, value.GetTensorDataAsSpan<float>(), value.GetTensorTypeAndShape().Shape);
}
