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

    private readonly string _modelPath;
    private readonly GramRun _run;
    private readonly long _limit;
    private readonly List<(TensorProto Weight, int Axis, string Input, int Length)> _layers = [];
    private IReadOnlyDictionary<string, GramMatrix> _group = new Dictionary<string, GramMatrix>();

    /// <param name="model">The float model.</param>
    /// <param name="plan">The layers, in the order in which they will be asked for.</param>
    /// <param name="run">Runs the samples.</param>
    /// <param name="limit">The most bytes that the sums of a group take.</param>
    public GramSource(FloatModel model, QuantizationPlan plan, GramRun run, long limit = UsualLimit)
    {
        _modelPath = model.File.Path;
        _run = run;
        _limit = limit;
        foreach (NodePlan node in plan.Nodes.Where(node => node.Weights is { Blocks: not null, Method: not WeightMethod.Nearest }))
        {
            QuantizableNode facts = model.Analysis.Find(node);
            if (facts.Role == NodeRole.Weighted)
            {
                WeightSlot slot = facts.Weight!;
                _layers.Add((slot.Weight, slot.ChannelAxis, facts.Inputs[0], (int)slot.Weight.Dims[1 - slot.ChannelAxis]));
            }
        }
    }

    /// <summary>
    /// What samples say of the inputs of a matrix; null where no product reads it. Products that read it transposed have other inputs.
    /// </summary>
    public GramMatrix? Find(WeightSlot matrix)
    {
        int first = _layers.FindIndex(IsOf);
        if (first < 0)
        {
            return null;
        }

        string[] inputs = [.. _layers.Where(IsOf).Select(layer => layer.Input).Distinct()];
        if (!inputs.All(_group.ContainsKey))
        {
            _group = new Dictionary<string, GramMatrix>(); // free before others are found
            _group = _run.Collect(GroupFrom(first, inputs));
        }

        // Only an invalid model multiplies a value by weights of several lengths.
        string? other = Array.Find(inputs, input => _group[input].Inputs != _layers[first].Length);
        return other is not null
            ? throw new OnnxModelException(
                _modelPath, $"the value '{other}' has rows of {_group[other].Inputs}, and the weight '{matrix.Weight.Name}' has "
                + $"{_layers[first].Length} inputs; export the model again.")
            : inputs.Length == 1 ? _group[inputs[0]] : GramMatrix.Sum([.. inputs.Select(input => _group[input])]);

        bool IsOf((TensorProto Weight, int Axis, string Input, int Length) layer) =>
            ReferenceEquals(layer.Weight, matrix.Weight) && layer.Axis == matrix.ChannelAxis;
    }

    public void Dispose() => _run.Dispose();

    /// <summary>
    /// The layers that are rounded together with one: those of the same segment of the model, as far as there is memory.
    /// </summary>
    private Dictionary<string, int> GroupFrom(int first, string[] inputs)
    {
        Dictionary<string, int> group = inputs.ToDictionary(input => input, _ => _layers[first].Length);
        long bytes = inputs.Length * GramSum.BytesOf(_layers[first].Length);
        int segment = _run.SegmentOf(inputs[0]);
        foreach ((TensorProto _, int _, string input, int length) in _layers.Skip(first)
            .Where(layer => _run.SegmentOf(layer.Input) == segment))
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
