using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A value that weights multiply, and what makes it in such a way that its columns can be scaled without cost: a constant that it is
/// multiplied by, or the weights of a product.
/// </summary>
/// <param name="Value">The value.</param>
/// <param name="Readers">All that read it: products with planned weights.</param>
internal sealed record ScaleFold(string Value, IReadOnlyList<NodePlan> Readers)
{
    /// <summary>
    /// The inputs of the node that makes the value which hold constants to scale; empty where a product's weights are scaled.
    /// </summary>
    public IReadOnlyList<int> Constants { get; init; } = [];

    /// <summary>The product whose weights are scaled; null where constants are.</summary>
    public NodePlan? Product { get; init; }

    /// <summary>
    /// The channel of the product that each column of the value is made of; null where they are the same. Several columns may be made of
    /// one channel.
    /// </summary>
    public int[]? Channels { get; init; }

    /// <summary>Finds the values of a plan whose readers are rounded by a method.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="method">Whether a method scales inputs.</param>
    public static IReadOnlyList<ScaleFold> Find(FloatModel model, QuantizationPlan plan, Predicate<WeightMethod> method)
    {
        GraphIndex graph = model.Analysis.Graph;
        Dictionary<NodeProto, NodePlan> products = new(ReferenceEqualityComparer.Instance);
        Dictionary<TensorProto, int> uses = new(ReferenceEqualityComparer.Instance);
        foreach (NodePlan node in plan.Nodes.Where(node => node.Weights is { Blocks: not null } weights && method(weights.Method)))
        {
            QuantizableNode facts = model.Analysis.Find(node);
            uses[facts.Weight!.Weight] = uses.GetValueOrDefault(facts.Weight.Weight) + 1;
            if (facts.Role == NodeRole.Weighted)
            {
                products[facts.Node] = node;
            }
        }

        return
        [
            .. products.Keys.Select(node => node.Input[0]).Distinct()
                .Where(value => !graph.IsVisibleOutside(value)
                    && graph.Consumers(value)
                    .All(reader => products.ContainsKey(reader) && reader.Input.Count(input => input == value) == 1 && IsAlone(reader)))
                .Select(value => Find(value, graph, products, [.. graph.Consumers(value).Select(reader => products[reader])], IsAlone))
                .OfType<ScaleFold>(),
        ];

        bool IsAlone(NodeProto product) => uses[model.Analysis.Find(products[product]).Weight!.Weight] == 1;
    }

    private static ScaleFold? Find(
        string value, GraphIndex graph, Dictionary<NodeProto, NodePlan> products, IReadOnlyList<NodePlan> readers,
        Predicate<NodeProto> isAlone)
    {
        if (graph.FindProducer(value) is not { } maker || maker.Output[0] != value)
        {
            return null;
        }

        int[] constants = maker.OpType switch
        {
            "Mul" => [.. Enumerable.Range(0, 2).Where(i => graph.FindConstant(maker.Input[i]) is not null)],
            "SimplifiedLayerNormalization" or "RMSNormalization" => [1],
            "SkipSimplifiedLayerNormalization" => [2],
            "LayerNormalization" => [.. Enumerable.Range(1, maker.Input.Count - 1)],
            _ => [],
        };
        long inputs = InputsOf(graph.Consumers(value)[0], graph);
        if (constants.Length > 0)
        {
            return Array.TrueForAll(
                constants, i => graph.FindConstant(maker.Input[i]) is { } tensor && BlockWeightSource.IsFloat(tensor.DataType)
                && tensor.CountElements() == inputs && tensor.Dims[^1] == inputs)
                ? new ScaleFold(value, readers) { Constants = constants }
                : null;
        }

        return maker.OpType == "Mul" && maker.Input[0] != maker.Input[1]
            && maker.Input.Select(graph.FindProducer)
                .FirstOrDefault(factor =>
                factor is not null && products.ContainsKey(factor) && IsReadOnce(factor) && isAlone(factor)
                && factor.OpType == "MatMul") is { } product
            ? new ScaleFold(value, readers) { Product = products[product] }
            : null;

        bool IsReadOnce(NodeProto factor) => graph.Consumers(factor.Output[0]).Count == 1 && !graph.IsVisibleOutside(factor.Output[0]);
    }

    private static long InputsOf(NodeProto product, GraphIndex graph)
    {
        BlockWeightSource source = BlockWeightSource.Find(product.Input[WeightSlot.WeightInput], graph)!;
        bool isTransposed = source.IsTransposed ^ (product.OpType == "Gemm" && product.GetInt("transB", 0) != 0);
        return source.Tensor.Dims[isTransposed ? 1 : 0];
    }
}
