using Google.Protobuf.Collections;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Writes a plan into a model, in the QDQ form: a QuantizeLinear–DequantizeLinear pair at each quantized value, a DequantizeLinear behind
/// each quantized weight, the float operators in between. A runtime that knows the form runs them on codes; any other still computes the
/// same function. The lowerings write each planned node.
/// </summary>
internal static class PlanLowering
{
    /// <summary>The quantized model; the float one is not changed.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">What to quantize in it, with the parameters of each activation.</param>
    /// <param name="weightRanges">Finds the ranges of weights.</param>
    /// <param name="blocks">Turns weights into codes in blocks; null where the plan has none.</param>
    public static ModelProto Write(FloatModel model, QuantizationPlan plan, WeightRanges weightRanges, BlockRounding? blocks = null)
    {
        ModelProto written = Write(model.File.Path, model.Model, model.Analysis, plan, weightRanges, blocks);
        if (!plan.Bodies.IsEmpty)
        {
            BodyLowering.Write(written, model, plan);
        }

        return written;
    }

    /// <summary>The same of a model without a file.</summary>
    /// <param name="name">What messages call the model.</param>
    /// <param name="model">The float model.</param>
    /// <param name="analysis">What the rules say of its nodes.</param>
    /// <param name="plan">What to quantize in it, with the parameters of each activation.</param>
    /// <param name="weightRanges">Finds the ranges of weights.</param>
    /// <param name="blocks">Turns weights into codes in blocks; null where the plan has none.</param>
    public static ModelProto Write(
        string name, ModelProto model, QuantizableGraph analysis, QuantizationPlan plan, WeightRanges weightRanges,
        BlockRounding? blocks = null)
    {
        GraphIndex graph = analysis.Graph;
        Dictionary<NodeProto, PlannedNode> planned = new(
            plan.Nodes.Where(node => !node.IsHalf)
                .Select(node => new PlannedNode(analysis.Find(node), node)).Select(node => KeyValuePair.Create(node.Facts.Node, node)),
            ReferenceEqualityComparer.Instance);
        Dictionary<string, TensorEncoding> madeFromCodes = plan.Nodes.SelectMany(node => node.Results)
            .ToDictionary(each => each.Value, each => each.Encoding);
        HashSet<string> codedValues = [.. madeFromCodes.Keys];
        HashSet<string> captured = CaptureBarrier.Find(graph, codedValues, planned);
        WeightRounding rounding = new(name, weightRanges);
        ModelProto written = model.Clone();
        written.Graph.Node.Clear();
        QdqGraph target = new(written, new NameAllocator(graph.Graph), madeFromCodes)
        {
            NeedsBarrier = value => analysis.Target.QuantizesBetweenPairs
                && FusionBarrier.IsNeeded(
                    value, graph, codedValues, reader => planned.TryGetValue(reader, out PlannedNode? node) && node.ReadsCodes(value)),
        };
        Write(graph.Graph, written.Graph, target, captured, planned, () => LoweringsOf(analysis.Target, rounding, blocks));
        if (plan.Half is not null)
        {
            new HalfLowering(written, plan).Write();
        }

        if (blocks is not null)
        {
            DeadNodes.Remove(written.Graph); // what led from stored weights to products
        }

        foreach (GraphProto each in planned.Values.Any(node => node.Facts.IsInBody) ? written.Graph.AllGraphs().Skip(1).ToArray() : [])
        {
            if (blocks is not null)
            {
                DeadNodes.Remove(each);
            }

            UnusedConstants.Remove(each);
        }

        UnusedConstants.Remove(written.Graph);
        return written;
    }

    /// <summary>Writes the nodes of a graph. Lowerings share constants within one graph.</summary>
    private static void Write(
        GraphProto graph, GraphProto written, QdqGraph target, HashSet<string> captured, Dictionary<NodeProto, PlannedNode> planned,
        Func<ILowering[]> makeLowerings)
    {
        ILowering[] lowerings = makeLowerings();
        foreach (NodeProto source in graph.Node)
        {
            NodeProto node = source.Clone();
            foreach ((GraphProto body, GraphProto copy) in source.Subgraphs()
                .Zip(node.Subgraphs()).Where(each => each.First.AllGraphs().Any(inner => inner.Node.Any(planned.ContainsKey))))
            {
                copy.Node.Clear();
                Write(body, copy, target.Inside(copy), [], planned, makeLowerings);
            }

            Replace(node.Input, (_, input) => target.NameOf(input));
            if (!planned.TryGetValue(source, out PlannedNode? plannedNode))
            {
                AddWithPairs(node, target, captured);
                continue;
            }

            Replace(node.Input, (position, input) =>
                plannedNode.Plan.InputAt(position) is { Range: not DynamicRange } encoding ? target.ReadFromCodes(input, encoding) : input);
            if (Array.Find(lowerings, lowering => lowering.CanLower(plannedNode))!.Lower(node, plannedNode, target) is { } lowered)
            {
                AddWithPairs(lowered, target, captured);
            }
        }

        Array.ForEach(lowerings, lowering => lowering.Finish(written));
    }

    private static ILowering[] LoweringsOf(Target runtime, WeightRounding rounding, BlockRounding? blocks)
    {
        TableCodes tables = new();
        MatrixCodes matrices = new(tables);
        return
        [
            .. blocks is null ? [] : LoweringsOf(new BlockConstants(blocks)),
            new TableLookupLowering(rounding, tables),
            new SubpixelLowering(rounding),
            new GroupedLowering(rounding),
            new RecurrentLowering(rounding),
            new DynamicMatrixLowering(rounding, matrices),
            new TransposedWeightLowering(rounding, matrices),
            new WeightLowering(rounding, matrices),
            new ConstantOperandLowering(),
            new NegatedSubLowering(runtime),
            new FlattenLowering(),
            new IdentityLowering(),
            new PlainLowering(),
        ];
    }

    private static ILowering[] LoweringsOf(BlockConstants constants) =>
        [new BlockProductLowering(constants), new BlockTableLowering(constants), new BlockDequantizeLowering(constants)];

    /// <summary>Adds a node, behind it the pairs of its results, and the operators that keep captured results in float.</summary>
    private static void AddWithPairs(NodeProto node, QdqGraph target, HashSet<string> captured)
    {
        target.Add(node);
        for (int i = 0; i < node.Output.Count; i++)
        {
            string result = node.Output[i];
            if (target.IsMadeFromCodes(result))
            {
                node.Output[i] = target.NewName();
                target.AddResultPair(node.Output[i], result);
            }
            else if (captured.Contains(result))
            {
                node.Output[i] = target.NewName();
                target.Add(NodeFactory.Make(FusionBarrier.OperatorType, [node.Output[i]], result));
            }
        }
    }

    private static void Replace(RepeatedField<string> names, Func<int, string, string> replacement)
    {
        for (int i = 0; i < names.Count; i++)
        {
            names[i] = replacement(i, names[i]);
        }
    }
}
