using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds the inputs of products that attention makes of another product, channel by channel: what the values v = x · W become before the
/// output projection. Which channel goes where is found by running the model, so it does not matter what operators attention is written
/// with.
/// </summary>
internal static class ValueFolds
{
    /// <summary>Finds the values whose readers are rounded by a method that scales inputs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="sample">What to run.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static IReadOnlyList<ScaleFold> Find(
        FloatModel model, QuantizationPlan plan, ModelSample sample, Func<SessionOptions>? optionsFactory, CancellationToken cancellationToken)
    {
        GraphIndex graph = model.Analysis.Graph;
        HashSet<string> known = [.. ScaleFold.Find(model, plan, BlockRounding.IsScaled).Select(fold => fold.Value)];
        Dictionary<NodeProto, NodePlan> products = FindProducts(model, plan);
        List<(string Value, NodeProto Reader, NodeProto Product)> candidates = [];
        foreach (NodeProto reader in products.Keys.Where(reader => !known.Contains(reader.Input[0]) && graph.Consumers(reader.Input[0]).Count == 1
            && !graph.IsVisibleOutside(reader.Input[0])))
        {
            HashSet<string> before = Before(reader.Input[0], graph, products, out HashSet<NodeProto> makers);
            candidates.AddRange(makers.Where(product => products.ContainsKey(product) && LeadsOnlyTo(product, reader, before, graph))
                .OrderBy(graph.Graph.Node.IndexOf).Select(product => (reader.Input[0], reader, product)));
        }

        if (candidates.Count == 0)
        {
            return [];
        }

        using ChannelProbe probe = new(
            model, [.. candidates.Select(each => each.Product.Output[0]).Distinct()], [.. candidates.Select(each => each.Value).Distinct()], sample,
            optionsFactory);
        Dictionary<string, ScaleFold> found = [];
        HashSet<NodeProto> taken = new(ReferenceEqualityComparer.Instance);
        foreach ((string value, NodeProto reader, NodeProto product) in candidates)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!found.ContainsKey(value) && !taken.Contains(product)
                && probe.FindChannels(product.Output[0], (int)model.Analysis.Find(products[product]).Weight!.Channels, value) is { } channels)
            {
                found[value] = new ScaleFold(value, [products[reader]]) { Product = products[product], Channels = channels };
                taken.Add(product);
            }
        }

        return [.. found.Values];
    }

    /// <summary>Products whose weights are 32-bit floats that nobody else reads.</summary>
    private static Dictionary<NodeProto, NodePlan> FindProducts(FloatModel model, QuantizationPlan plan)
    {
        Dictionary<NodeProto, NodePlan> products = new(ReferenceEqualityComparer.Instance);
        foreach (IGrouping<TensorProto, (QuantizableNode Facts, NodePlan Node)> readers in plan.Nodes.Where(node => node.Weights?.Blocks is not null)
            .Select(node => (Facts: model.Analysis.Find(node), Node: node)).GroupBy(each => each.Facts.Weight!.Weight, (IEqualityComparer<TensorProto>)ReferenceEqualityComparer.Instance))
        {
            (QuantizableNode facts, NodePlan node) = readers.First();
            if (readers.Count() == 1 && facts is { Role: NodeRole.Weighted, Node.OpType: "MatMul", Weight.FloatType: TensorProto.Types.DataType.Float }
                && BlockRounding.IsScaled(node.Weights!.Method))
            {
                products[facts.Node] = node;
            }
        }

        return products;
    }

    /// <summary>The values that a value is made of, as far back as the next products.</summary>
    private static HashSet<string> Before(
        string value, GraphIndex graph, Dictionary<NodeProto, NodePlan> products, out HashSet<NodeProto> makers)
    {
        HashSet<string> seen = [value];
        makers = new(ReferenceEqualityComparer.Instance);
        Queue<string> waiting = new([value]);
        while (waiting.TryDequeue(out string? next))
        {
            if (graph.FindProducer(next) is not { } maker || !makers.Add(maker) || products.ContainsKey(maker))
            {
                continue;
            }

            foreach (string input in maker.Input.Where(input => input.Length > 0 && seen.Add(input)))
            {
                waiting.Enqueue(input);
            }
        }

        return seen;
    }

    /// <summary>Whether nothing but one reader sees what a product makes.</summary>
    private static bool LeadsOnlyTo(NodeProto product, NodeProto reader, HashSet<string> before, GraphIndex graph)
    {
        Queue<string> waiting = new(product.Output);
        HashSet<string> seen = [.. product.Output];
        while (waiting.TryDequeue(out string? next))
        {
            if (!before.Contains(next) || graph.IsVisibleOutside(next))
            {
                return false;
            }

            foreach (NodeProto consumer in graph.Consumers(next).Where(consumer => consumer != reader))
            {
                foreach (string output in consumer.Output.Where(output => output.Length > 0 && seen.Add(output)))
                {
                    waiting.Enqueue(output);
                }
            }
        }

        return seen.Contains(reader.Input[0]);
    }
}
