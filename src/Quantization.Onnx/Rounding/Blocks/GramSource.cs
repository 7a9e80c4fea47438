using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// What samples say of the inputs of each matrix. It is found for a group of layers when the first of them is asked for, so that the
/// matrices of all layers need not be in memory at once.
/// </summary>
internal sealed class GramSource : IDisposable
{
    /// <summary>The most bytes that the sums of a group take, unless a single layer's take more.</summary>
    public const long UsualLimit = 1L << 30;

    private readonly GramRun _run;
    private readonly long _limit;
    private readonly List<(TensorProto Weight, string Input, int Length)> _layers = [];
    private IReadOnlyDictionary<string, GramMatrix> _group = new Dictionary<string, GramMatrix>();

    /// <param name="model">The float model.</param>
    /// <param name="plan">The layers, in the order in which they will be asked for.</param>
    /// <param name="run">Runs the samples.</param>
    /// <param name="limit">The most bytes that the sums of a group take.</param>
    public GramSource(FloatModel model, QuantizationPlan plan, GramRun run, long limit = UsualLimit)
    {
        _run = run;
        _limit = limit;
        foreach (NodePlan node in plan.Nodes.Where(node => node.Weights is { Blocks: not null, Method: not WeightMethod.Nearest }))
        {
            QuantizableNode facts = model.Analysis.Find(node);
            if (facts.Role == NodeRole.Weighted)
            {
                WeightSlot slot = facts.Weight!;
                _layers.Add((slot.Weight, facts.Inputs[0], (int)slot.Weight.Dims[1 - slot.ChannelAxis]));
            }
        }
    }

    /// <summary>What samples say of the inputs of a matrix; null where no product reads it.</summary>
    public GramMatrix? Find(TensorProto weight)
    {
        int first = _layers.FindIndex(layer => ReferenceEquals(layer.Weight, weight));
        if (first < 0)
        {
            return null;
        }

        string[] inputs = [.. _layers.Where(layer => ReferenceEquals(layer.Weight, weight)).Select(layer => layer.Input).Distinct()];
        if (!inputs.All(_group.ContainsKey))
        {
            _group = new Dictionary<string, GramMatrix>(); // free before others are found
            _group = _run.Collect(GroupFrom(first, inputs));
        }

        return inputs.Length == 1 ? _group[inputs[0]] : GramMatrix.Sum([.. inputs.Select(input => _group[input])]);
    }

    public void Dispose() => _run.Dispose();

    /// <summary>
    /// The layers that are looked at together with one: those of the same segment of the model, as far as there is memory.
    /// </summary>
    private Dictionary<string, int> GroupFrom(int first, string[] inputs)
    {
        Dictionary<string, int> group = inputs.ToDictionary(input => input, _ => _layers[first].Length);
        long bytes = inputs.Length * GramSum.BytesOf(_layers[first].Length);
        int segment = _run.SegmentOf(inputs[0]);
        foreach ((TensorProto _, string input, int length) in _layers.Skip(first).Where(layer => _run.SegmentOf(layer.Input) == segment))
        {
            bytes += group.ContainsKey(input) ? 0 : GramSum.BytesOf(length);
            if (bytes > _limit && !group.ContainsKey(input))
            {
                break;
            }

            group.TryAdd(input, length);
        }

        return group;
    }
}
