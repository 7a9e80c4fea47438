using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Turns the weights of planned nodes into codes in blocks, each matrix once.</summary>
/// <param name="modelPath">What messages call the model.</param>
/// <param name="store">Keeps the codes.</param>
/// <param name="multiplied">The matrices that products read.</param>
/// <param name="grams">What samples say of the inputs of a node; null where there are none.</param>
/// <param name="rounded">Reports each matrix that became codes.</param>
/// <param name="cancellationToken">Stops the work.</param>
internal sealed class BlockRounding(
    string modelPath, BlockStore store, IReadOnlySet<TensorProto> multiplied, Func<NodePlan, GramMatrix?>? grams, Action? rounded,
        CancellationToken cancellationToken)
{
    /// <summary>From so many inputs on a Gram matrix takes 16 MB and more.</summary>
    private const int ManyInputs = 2048;

    /// <summary>What weights are multiplied by, by the result of their node.</summary>
    public IReadOnlyDictionary<string, WeightFactors> Factors { get; init; } = new Dictionary<string, WeightFactors>();

    /// <summary>Keeps codes for a run that is interrupted; null where none are kept.</summary>
    public LayerFolder? Kept { get; init; }

    private readonly List<RoundedLayer> _layers = [];

    /// <summary>What became of each matrix so far.</summary>
    public IReadOnlyList<RoundedLayer> Layers => _layers;

    private readonly List<(TensorProto Tensor, int Axis, TensorEncoding Encoding, TensorProto.Types.DataType Type, bool IsTable,
        StoredBlocks Blocks)> _made = [];

    /// <summary>The matrices that products of a plan read in blocks: tables among them are stored as products take them.</summary>
    public static IReadOnlySet<TensorProto> FindMultiplied(FloatModel model, QuantizationPlan plan) => plan.Nodes
        .Where(node => node.Weights?.Blocks is not null)
        .Select(model.Analysis.Find)
        .Where(node => node.Role == NodeRole.Weighted)
        .Select(node => node.Weight!.Weight)
        .ToHashSet<TensorProto>(ReferenceEqualityComparer.Instance);

    /// <summary>The matrix of a node.</summary>
    /// <param name="node">A node with weights in blocks.</param>
    /// <param name="factors">What its weights are multiplied by; null for nothing.</param>
    public static BlockProblem Describe(PlannedNode node, WeightFactors? factors = null)
    {
        WeightSlot slot = node.Facts.Weight!;
        TensorEncoding encoding = node.Plan.Weights!;
        MatrixReader reader = new(slot.Weight, slot.ChannelAxis == 0) { Factors = factors };
        return new BlockProblem(
            reader, new BlockShape(reader.Inputs, reader.Outputs, encoding.Blocks!.Size, encoding.Format.StorageBits),
            BlockGrid.Of(encoding, slot.FloatType));
    }

    /// <summary>The codes of a node's weights as its form takes them.</summary>
    /// <param name="node">A node with weights in blocks.</param>
    /// <exception cref="OnnxModelException">A weight is NaN or infinite.</exception>
    public StoredBlocks Round(PlannedNode node)
    {
        WeightSlot slot = node.Facts.Weight!;
        TensorEncoding encoding = node.Plan.Weights!;
        BlockProblem problem = Describe(node, Factors.GetValueOrDefault(node.Plan.Result));
        BlockShape shape = problem.Shape;
        bool isTable = node.Facts.Role == NodeRole.TableLookup && (shape.Inputs % shape.Size != 0 || !multiplied.Contains(slot.Weight));
        foreach ((TensorProto tensor, int axis, TensorEncoding other, TensorProto.Types.DataType type, bool table,
            StoredBlocks made) in _made)
        {
            if (ReferenceEquals(tensor, slot.Weight)
                && (axis, other, type, table) == (slot.ChannelAxis, WithoutLevel(encoding), slot.FloatType, isTable))
            {
                return made;
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        GramMatrix? gram = encoding.Method == WeightMethod.Nearest ? null : grams?.Invoke(node.Plan);
        problem = problem with { Gram = problem.Weights.Factors?.Inputs is { } scales ? gram?.Divide(scales) : gram };
        QuantizedBlocks blocks = Round(problem, encoding.Method)
            ?? throw OnnxModelException.With(
                modelPath, ModelAdvice.NonFiniteWeights(modelPath, "weight", slot.Weight.Name, node.Facts.Node.Describe()),
                node.Facts.Node.Name);
        StoredBlocks stored = store.Keep(
            encoding.Blocks!.Form == BlockForm.DequantizeLinear ? BlockPacking.ForDequantizeLinear(blocks, slot.FloatType)
            : isTable ? BlockPacking.ForGather(blocks, slot.FloatType)
            : BlockPacking.ForMatMulNBits(blocks, slot.FloatType));
        if (gram is { Inputs: >= ManyInputs })
        {
            // The layer leaves several matrices of the size of the Gram matrix behind, and the collector would let those of many layers
            // pile up.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        }

        _layers.Add(LayerOf(node, problem, blocks, stored));
        _made.Add((slot.Weight, slot.ChannelAxis, WithoutLevel(encoding), slot.FloatType, isTable, stored));
        rounded?.Invoke();
        return stored;
    }

    /// <summary>
    /// The codes of a matrix, with their error: those that were kept, or new ones. Null where a weight is NaN or infinite.
    /// </summary>
    private QuantizedBlocks? Round(BlockProblem problem, WeightMethod method)
    {
        string? key = Kept is null ? null : LayerKey.Of(problem, method);
        if (key is not null && Kept!.Find(key, problem) is { } found)
        {
            return found;
        }

        QuantizedBlocks? blocks = RounderOf(method).Round(problem, cancellationToken);
        if (blocks is not null && problem.Gram is { Count: > 0 })
        {
            blocks.Error = RoundingError.OfOutputs(problem, blocks);
        }

        if (blocks is not null && key is not null)
        {
            Kept!.Add(key, blocks);
        }

        return blocks;
    }

    private static RoundedLayer LayerOf(PlannedNode node, BlockProblem problem, QuantizedBlocks blocks, StoredBlocks stored) => new(
        node.Plan.Node, node.Facts.Node.OpType, (long)problem.Shape.Inputs * problem.Shape.Outputs, problem.Shape.Bits, problem.Shape.Size,
        node.Plan.Weights!.Method, stored.Bytes, blocks.Error.Share,
        IsOfOutputs: problem.Gram is { Count: > 0 } || problem.Weights.Factors?.Importance is not null);

    /// <summary>The accuracy level changes no code.</summary>
    private static TensorEncoding WithoutLevel(TensorEncoding encoding) =>
        encoding with { Blocks = encoding.Blocks! with { AccuracyLevel = 0 } };

    /// <summary>Whether a method scales inputs.</summary>
    public static bool IsScaled(WeightMethod method) => method is WeightMethod.Awq or WeightMethod.AwqGptq;

    /// <summary>What rounds by a method.</summary>
    public static IBlockRounder RounderOf(WeightMethod method) =>
        method is WeightMethod.Gptq or WeightMethod.AwqGptq ? new GptqRounder() : new NearestRounder();
}
