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
    /// <summary>The values that are recorded at a time take no more memory than this, unless those of one reader do.</summary>
    private const long MaxBytes = 64 << 20;

    /// <summary>Finds the values whose readers are rounded by a method that scales inputs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="sample">What to run.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <param name="segmentBytes">The most bytes of weights that run together.</param>
    public static IReadOnlyList<ScaleFold> Find(
        FloatModel model, QuantizationPlan plan, ModelSample sample, Func<SessionOptions>? optionsFactory,
        CancellationToken cancellationToken,
        long segmentBytes = SegmentedRun.UsualLimit)
    {
        GraphIndex graph = model.Analysis.Graph;
        HashSet<string> known = [.. ScaleFold.Find(model, plan, BlockRounding.IsScaled).Select(fold => fold.Value)];
        Dictionary<NodeProto, NodePlan> products = FindProducts(model, plan);
        List<Candidate> candidates = [];
        foreach (NodeProto reader
            in products.Keys.Where(reader => !known.Contains(reader.Input[0]) && graph.Consumers(reader.Input[0]).Count == 1
                && !graph.IsVisibleOutside(reader.Input[0])))
        {
            HashSet<string> before = Before(reader.Input[0], graph, products, out HashSet<NodeProto> makers);
            NodeProto[] found = [.. makers.Where(products.ContainsKey).OrderBy(graph.Graph.Node.IndexOf)];
            NodeProto[] leading = [.. found.Where(product => LeadsOnlyTo(product, reader, before, graph))];
            if (leading.Length > 0)
            {
                candidates.Add(new Candidate(reader.Input[0], reader, leading, [.. found.Select(product => product.Output[0])]));
            }
        }

        if (candidates.Count == 0)
        {
            return [];
        }

        List<ScaleFold> folds = [];
        HashSet<NodeProto> taken = new(ReferenceEqualityComparer.Instance);
        using SegmentedRun run = new(model, SampleSource.FromEnumerable([sample]), optionsFactory, segmentBytes, cancellationToken);
        Candidate[] inOrder = [.. candidates.OrderBy(each => run.SegmentOf(each.Value))]; // stable
        for (int first = 0, count = 1; first < inOrder.Length;)
        {
            Candidate[] part = [.. inOrder.Skip(first).Take(count)];
            Dictionary<string, RecordedValue> recorded = Record(run, [.. part.SelectMany(each => each.Begins).Distinct()]);
            folds.AddRange(part.Select(each => Probe(each, recorded)).OfType<ScaleFold>());
            first += part.Length;
            count = (int)Math.Clamp(MaxBytes / Math.Max(1, recorded.Values.Sum(value => value.Bytes) / part.Length), 1, int.MaxValue);
        }

        return folds;

        ScaleFold? Probe(Candidate candidate, Dictionary<string, RecordedValue> recorded)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using ChannelProbe probe = new(
                model, candidate.Value, candidate.Begins.ToDictionary(value => value, value => recorded[value]), sample, optionsFactory);
            foreach (NodeProto product in candidate.Products.Where(product => !taken.Contains(product)))
            {
                int count = (int)model.Analysis.Find(products[product]).Weight!.Channels;
                if (probe.FindChannels(product.Output[0], count) is { } channels)
                {
                    taken.Add(product);
                    return new ScaleFold(
                        candidate.Value, [products[candidate.Reader]]) { Product = products[product], Channels = channels };
                }
            }

            return null;
        }
    }

    /// <summary>Runs the sample and keeps values of 32-bit floats.</summary>
    private static Dictionary<string, RecordedValue> Record(SegmentedRun run, string[] values)
    {
        Dictionary<string, RecordedValue> recorded = [];
        foreach (IGrouping<int, string> segment in values.GroupBy(run.SegmentOf).OrderBy(group => group.Key))
        {
            run.Run(
                [.. segment],
                (name, value, _) => recorded[name] = new RecordedValue(
                    value.GetTensorDataAsSpan<float>().ToArray(), value.GetTensorTypeAndShape().Shape),
                _ => { });
        }

        return recorded;
    }

    /// <summary>Products whose weights are 32-bit floats that nobody else reads.</summary>
    private static Dictionary<NodeProto, NodePlan> FindProducts(FloatModel model, QuantizationPlan plan)
    {
        Dictionary<NodeProto, NodePlan> products = new(ReferenceEqualityComparer.Instance);
        foreach (IGrouping<TensorProto, (QuantizableNode Facts, NodePlan Node)> readers
            in plan.Nodes.Where(node => node.Weights?.Blocks is not null)
                .Select(node => (Facts: model.Analysis.Find(node), Node: node))
                .GroupBy(each => each.Facts.Weight!.Weight, (IEqualityComparer<TensorProto>)ReferenceEqualityComparer.Instance))
        {
            (QuantizableNode facts, NodePlan node) = readers.First();
            if (readers.Count() == 1
                && facts is { Role: NodeRole.Weighted, Node.OpType: "MatMul", Weight.FloatType: TensorProto.Types.DataType.Float }
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

    /// <param name="Value">The value that may be scaled.</param>
    /// <param name="Reader">The product that reads it.</param>
    /// <param name="Products">The products before it that nothing else depends on.</param>
    /// <param name="Begins">What all products before it make.</param>
    private sealed record Candidate(string Value, NodeProto Reader, NodeProto[] Products, string[] Begins);
}
