using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Weights in blocks: the weights of MatMul and Gemm and the tables of embeddings become codes of 2, 4 or 8 bits with a scale for each
/// block; activations keep their floats of 32 or 16 bits. Models may be larger than memory: they are not cleaned, and weights are read one
/// by one.
/// </summary>
internal sealed class BlockWeightsRecipe : IRecipe
{
    /// <summary>What plans call the recipe.</summary>
    public const string RecipeName = "weight-only-blocks";

    private static readonly Target Target = Targets.Of(TargetRuntime.OnnxRuntimeCpu);

    /// <summary>The names of nodes to leave in float. The default is none.</summary>
    public IReadOnlySet<string> ExcludedNodes { get; init; } = FrozenSet<string>.Empty;

    /// <summary>The encoding of matrices, in blocks, and of tables where the form takes them so.</summary>
    public required TensorEncoding Weights { get; init; }

    /// <summary>The codes of tables in blocks that no product reads; null for those of matrices.</summary>
    public CodeFormat? TableFormat { get; init; }

    /// <summary>The recipe that a plan was made by.</summary>
    public static BlockWeightsRecipe Of(QuantizationPlan plan) => new()
    {
        Weights = plan.Nodes.Select(node => node.Weights).FirstOrDefault(weights => weights?.Blocks?.Form == BlockForm.DequantizeLinear)
            ?? new TensorEncoding(CodeFormat.UInt4, QuantizationScheme.Affine, GranularityKind.PerBlock,
                new OwnRange(new MaxCalibrator())) { Blocks = new BlockLayout(32) },
    };

    /// <inheritdoc />
    public string Name => RecipeName;

    /// <inheritdoc />
    public IReadOnlyList<GraphPass> Passes => IsStandard
        ? [new("opset upgrade to blocks", (path, model) => OpsetUpgrade.Apply(path, model, Opset.Blocks)),
            new("unused constants", (_, model) => UnusedConstants.Remove(model.Graph))]
        : [new("unused constants", (_, model) => UnusedConstants.Remove(model.Graph))];

    private bool IsStandard => Weights.Blocks!.Form == BlockForm.DequantizeLinear;

    /// <inheritdoc />
    public ModelProto Clean(string modelPath, ModelProto original, Func<SessionOptions>? optionsFactory, long largestInMemory)
    {
        ModelCleaner.ThrowIfQuantized(modelPath, original);
        ModelProto model = original.Clone();
        ModelCleaner.SeparateInitializers(model);
        return model;
    }

    /// <inheritdoc />
    public QuantizableGraph Analyze(GraphIndex graph) => BlockRules.Apply(graph, Target);

    /// <inheritdoc />
    public bool CanQuantize(QuantizableGraph graph) => graph.Whole.Nodes.Count > 0;

    /// <inheritdoc />
    public ObservationRequest? Observe(QuantizableGraph graph) => null;

    /// <inheritdoc />
    public QuantizationPlan Plan(FloatModel model, ModelCalibration? observations)
    {
        NamedNodes.ThrowUnlessOf(model, ExcludedNodes, nameof(WeightOnlyOptions));
        NodeSelection selection = NodeSelector.Select(model.Analysis, FloatParts.Of(ExcludedNodes));
        Dictionary<string, string> inFloat = new(selection.Notes.Float);
        HashSet<TensorProto> multiplied = selection.Nodes.Where(node => node.Role == NodeRole.Weighted)
            .Select(node => node.Weight!.Weight).ToHashSet<TensorProto>(ReferenceEqualityComparer.Instance);
        ImmutableArray<NodePlan>.Builder nodes = ImmutableArray.CreateBuilder<NodePlan>();
        foreach (QuantizableNode node in selection.Nodes)
        {
            if (ReasonAgainst(node) is { } reason)
            {
                inFloat[node.Label] = reason;
            }
            else
            {
                nodes.Add(new NodePlan(node.Label,
                    node.Node.Output[0]) { Weights = EncodingOf(node, multiplied.Contains(node.Weight!.Weight)) });
            }
        }

        return new QuantizationPlan(Name, Target.Name, model.Passes, nodes.ToImmutable())
        {
            ExcludedNodes = [.. ExcludedNodes],
            Notes = selection.Notes with { Float = inFloat },
        };
    }

    /// <summary>
    /// Operators of ONNX alone know no table in blocks that is not computed as a whole at every run: these tables get a scale for each row.
    /// </summary>
    private TensorEncoding EncodingOf(QuantizableNode node, bool isMultiplied) => node.Role == NodeRole.TableLookup && IsStandard
        ? new TensorEncoding(CodeFormat.Int8.Restricted, QuantizationScheme.Symmetric, GranularityKind.PerChannel,
            new OwnRange(new MaxCalibrator()))
        : Weights with
        {
            Format = isMultiplied ? Weights.Format : TableFormat ?? Weights.Format,
            Method = isMultiplied && !node.IsInBody ? Weights.Method : WeightMethod.Nearest, // samples say nothing of a table, or of a body
            Blocks = Fit(Weights.Blocks!, node.Weight!),
        };

    /// <summary>Blocks that are not longer than the inputs need: the rest of the last block would be stored for nothing.</summary>
    private static BlockLayout Fit(BlockLayout blocks, WeightSlot slot)
    {
        long inputs = slot.Weight.Dims[1 - slot.ChannelAxis];
        int enough = BlockLayout.Sizes.FirstOrDefault(size => size >= inputs, blocks.Size);
        return enough < blocks.Size ? blocks with { Size = enough } : blocks;
    }

    private string? ReasonAgainst(QuantizableNode node) => node.Role != NodeRole.TableLookup ? null
        : IsStandard && node.Weight!.FloatType != TensorProto.Types.DataType.Float
            ? "a table of 16-bit floats has no form of codes in ONNX's own operators"
        : node.Weight!.Weight.Dims[1] * Weights.Format.StorageBits % 8 != 0 ? "the codes of one of its rows do not fill whole bytes"
        : null;
}
