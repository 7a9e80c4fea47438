using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Gives each matrix of a plan bits of its own: measures what 2, 4 and 8 bits cost its outputs, or its weights where there are no samples,
/// and deals a budget out.
/// </summary>
/// <param name="model">The float model.</param>
/// <param name="plan">The plan, with the same bits for all products.</param>
/// <param name="grams">What samples say of the inputs of a matrix; null where there are none.</param>
internal sealed class BitPlanner(FloatModel model, QuantizationPlan plan, Func<WeightSlot, GramMatrix?>? grams)
{
    /// <summary>More than an operator and the names and shapes of its constants take in a file.</summary>
    private const int NodeBytes = 640;

    private static readonly CodeFormat[] Formats = [CodeFormat.UInt2, CodeFormat.UInt4, CodeFormat.UInt8];

    private readonly Dictionary<TensorProto, List<NodePlan>> _readers = FindReaders(model, plan);

    private List<IReadOnlyList<BitChoice>>? _choices;

    /// <summary>The plan with bits that fit a budget.</summary>
    /// <param name="budget">The budget.</param>
    /// <param name="excess">How many bytes of it are not there.</param>
    /// <param name="progress">Reports each matrix that was measured.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ArgumentException">Even the fewest bits take more.</exception>
    public QuantizationPlan Plan(
        BitBudget budget, long excess, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<TensorProto> weights = [.. _readers.Keys];
        _choices ??= Measure(weights, budget, progress, cancellationToken);
        long others = budget.MaxBytes is null ? 0 : OtherBytes();
        double all = budget.MaxBytes is { } most ? most - others - excess
            : budget.BitsPerWeight!.Value * weights.Sum(weight => weight.CountElements()!.Value);
        int[] chosen = BitAllocation.Choose(_choices, all) ?? throw TooSmall(budget, others);
        Dictionary<string, CodeFormat> formats = [];
        for (int i = 0; i < chosen.Length; i++)
        {
            foreach (NodePlan reader in _readers[weights[i]])
            {
                formats[reader.Result] = Formats.Single(format => format.StorageBits == _choices[i][chosen[i]].Bits);
            }
        }

        return plan with
        {
            Nodes =
            [
                .. plan.Nodes.Select(node => formats.TryGetValue(node.Result, out CodeFormat? format)
                    ? node with { Weights = node.Weights! with { Format = format } } : node),
            ],
        };
    }

    /// <summary>The nodes that read each matrix which products multiply by, tables with the same weights included.</summary>
    private static Dictionary<TensorProto, List<NodePlan>> FindReaders(FloatModel model, QuantizationPlan plan)
    {
        IReadOnlySet<TensorProto> multiplied = BlockRounding.FindMultiplied(model, plan);
        Dictionary<TensorProto, List<NodePlan>> readers = new(ReferenceEqualityComparer.Instance);
        foreach (NodePlan node in plan.Nodes.Where(node => node.Weights?.Blocks is not null))
        {
            TensorProto weight = model.Analysis.Find(node).Weight!.Weight;
            if (multiplied.Contains(weight))
            {
                readers.TryAdd(weight, []);
                readers[weight].Add(node);
            }
        }

        return readers;
    }

    private List<IReadOnlyList<BitChoice>> Measure(
        IReadOnlyList<TensorProto> weights, BitBudget budget, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        List<IReadOnlyList<BitChoice>> choices = [];
        foreach (TensorProto weight in weights)
        {
            NodePlan reader = _readers[weight].First(node => model.Analysis.Find(node).Role == NodeRole.Weighted);
            choices.Add([.. Measure(new PlannedNode(model.Analysis.Find(reader), reader), budget, cancellationToken)]);
            progress?.Report(new QuantizationProgress(QuantizationStage.Ranking, choices.Count, weights.Count));
        }

        return choices;
    }

    private IEnumerable<BitChoice> Measure(PlannedNode node, BitBudget budget, CancellationToken cancellationToken)
    {
        TensorEncoding encoding = node.Plan.Weights!;
        TensorProto weight = node.Facts.Weight!.Weight;
        GramMatrix? gram = grams?.Invoke(node.Facts.Weight);
        OutputSample sample = OutputSample.Take(BlockRounding.Describe(node) with { Gram = gram }, RoundingError.MostOutputs);
        GramEnergy? energy = gram is null ? null : new GramEnergy(gram);
        foreach (CodeFormat format
            in Formats.Where(format => format.StorageBits > 2 || encoding.Blocks!.Form != BlockForm.DequantizeLinear))
        {
            cancellationToken.ThrowIfCancellationRequested();
            PlannedNode tried = node with { Plan = node.Plan with { Weights = encoding with { Format = format } } };
            BlockProblem whole = BlockRounding.Describe(tried);
            BlockProblem problem = sample.Problem with { Shape = whole.Shape with { Outputs = sample.Outputs }, Grid = whole.Grid };
            QuantizedBlocks? blocks = BlockRounding.RounderOf(encoding.Method).Round(problem, cancellationToken);
            RoundingError error = blocks is null ? default // rounding the weights will say which is no number
                : energy is null ? blocks.Error
                : RoundingError.OfOutputs(sample, blocks, [.. Enumerable.Range(0, sample.Chosen.Length)], energy);
            double cost = budget.MaxBytes is null ? (double)weight.CountElements()!.Value * format.StorageBits
                : StoredBytes(tried) * CountStored(weight, whole.Shape);
            yield return new BitChoice(format.StorageBits, cost, error.Share);
        }
    }

    /// <summary>How often a matrix is stored: a table whose rows are looked up has no room for a last block that is shorter.</summary>
    private int CountStored(TensorProto weight, BlockShape shape) => shape.Inputs % shape.Size != 0
        && _readers[weight].Any(node => model.Analysis.Find(node).Role == NodeRole.TableLookup) ? 2 : 1;

    /// <summary>The bytes of the model without the matrices that get bits of their own, or a little more.</summary>
    private long OtherBytes()
    {
        long bytes = model.File.Bytes;
        HashSet<TensorProto> seen = new(ReferenceEqualityComparer.Instance);
        foreach (NodePlan node in plan.Nodes.Where(node => node.Weights is not null))
        {
            QuantizableNode facts = model.Analysis.Find(node);
            TensorProto weight = facts.Weight!.Weight;
            bytes += NodeBytes;
            if (seen.Add(weight))
            {
                bytes -= weight.CountElements()!.Value * (weight.IsHalfFloat() ? sizeof(ushort) : sizeof(float));
                bytes += _readers.ContainsKey(weight) ? 0
                    : node.Weights!.Blocks is null ? weight.CountElements()!.Value + weight.Dims[facts.Weight.ChannelAxis] * sizeof(float)
                    : StoredBytes(new PlannedNode(facts, node));
            }
        }

        return bytes;
    }

    private static long StoredBytes(PlannedNode node)
    {
        BlockShape shape = BlockRounding.Describe(node).Shape;
        int scale = node.Facts.Weight!.FloatType == TensorProto.Types.DataType.Float ? sizeof(float) : sizeof(ushort);
        int zeroPoints = node.Plan.Weights!.Scheme == QuantizationScheme.Affine ? (shape.Blocks * shape.Bits + 7) / 8 : 0;
        return (long)shape.Outputs * (shape.Blocks * (shape.BlobBytes + scale) + zeroPoints);
    }

    private ArgumentException TooSmall(BitBudget budget, long others)
    {
        string fewest = _choices!.Min(choices => choices[0].Bits).ToString(CultureInfo.InvariantCulture);
        double least = _choices!.Sum(choices => choices[0].Cost);
        return budget.MaxBytes is { } most
            ? new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"{model.File.Path}: {most:N0} bytes are too few: with {fewest} bits for all products the model takes about "
                + $"{others + least:N0}, of which {others:N0} are not weights of products; allow more."))
            : new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"{model.File.Path}: {budget.BitsPerWeight} bits per weight are too few; the fewest are {fewest}."));
    }
}
