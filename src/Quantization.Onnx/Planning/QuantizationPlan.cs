using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// What becomes of a model, as data: the encoding of each weight and of each edge between a value and the node that reads or makes it. Immutable. Two plans are equal where the same is written from them.
/// </summary>
/// <param name="Recipe">The recipe that made the plan, by name.</param>
/// <param name="Target">The runtime that the plan is for, by name.</param>
/// <param name="Passes">The passes that the model went through, by name and in their order.</param>
/// <param name="Nodes">The nodes that read, hold or make codes, in the graph's order.</param>
internal sealed record QuantizationPlan(string Recipe, string Target, ImmutableArray<string> Passes, ImmutableArray<NodePlan> Nodes)
{
    /// <summary>The nodes that the user leaves in float.</summary>
    public ImmutableHashSet<string> Excluded { get; init; } = [];

    /// <summary>Whether the model's float inputs and outputs become floats of 16 bits too.</summary>
    public bool HasHalfInterface { get; init; }

    /// <summary>The 16-bit floats of the plan's nodes; null where there are none.</summary>
    public HalfFormat? Half => Nodes.FirstOrDefault(node => node.IsHalf) is { } half ? half.HalfInputs.Concat(half.HalfResults).First().Format : null;

    /// <summary>What is told of the plan. It changes nothing of what is written, so equality does not look at it.</summary>
    public PlanNotes Notes { get; init; } = PlanNotes.None;

    /// <summary>The SHA-256 of all that decides what is written.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Describe())));

    /// <summary>Each value that becomes codes, in the order in which they are read and made, with one of its encodings.</summary>
    public IEnumerable<ValueEncoding> Activations => Nodes.SelectMany(node => node.Inputs.Concat(node.Results)).DistinctBy(each => each.Value);

    /// <summary>The plan with other calibrators for activations: all that takes its range from one activation's statistics gets the same.</summary>
    /// <param name="bySource">The calibrators, by the activation.</param>
    public QuantizationPlan WithCalibrators(IReadOnlyDictionary<string, ICalibrator> bySource) => bySource.Count == 0 ? this : this with
    {
        Nodes =
        [
            .. Nodes.Select(node => node.WithActivations(each => each.Encoding.Range is ObservedRange observed && bySource.TryGetValue(observed.Source, out ICalibrator? calibrator)
                ? each.Encoding with { Range = observed with { Calibrator = calibrator } }
                : each.Encoding)),
        ],
    };

    /// <summary>The plan with other encodings of weights.</summary>
    /// <param name="byNode">The encodings, by what the node goes by.</param>
    public QuantizationPlan WithWeights(IReadOnlyDictionary<string, TensorEncoding> byNode) => byNode.Count == 0 ? this : this with
    {
        Nodes = [.. Nodes.Select(node => byNode.TryGetValue(node.Node, out TensorEncoding? encoding) && node.Weights is not null ? node with { Weights = encoding } : node)],
    };

    /// <summary>The plan with all weights in float.</summary>
    public QuantizationPlan WithoutWeights() => this with { Nodes = [.. Nodes.Select(node => node with { Weights = null })] };

    /// <summary>Compares what is written.</summary>
    public bool Equals(QuantizationPlan? other) =>
        other is not null && (Recipe, Target, HasHalfInterface) == (other.Recipe, other.Target, other.HasHalfInterface) && Passes.SequenceEqual(other.Passes) && Nodes.SequenceEqual(other.Nodes);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Recipe, Target, Nodes.Length, Nodes.FirstOrDefault());

    private string Describe()
    {
        StringBuilder text = new();
        text.Append(Recipe).Append('\n').Append(Target).Append('\n').AppendJoin(", ", Passes).Append('\n');
        foreach (NodePlan node in Nodes)
        {
            text.Append(node.Result).Append('\n');
            text.Append(" weights ").Append(node.Weights).Append(" constant ").Append(node.Constant).Append('\n');
            Append(" input ", node.Inputs);
            Append(" result ", node.Results);
            AppendHalves(" 16-bit input ", node.HalfInputs);
            AppendHalves(" 16-bit result ", node.HalfResults);
        }

        if (HasHalfInterface)
        {
            text.Append("16-bit inputs and outputs\n");
        }

        return text.ToString();

        void AppendHalves(string what, ImmutableArray<HalfEncoding> values)
        {
            foreach (HalfEncoding each in values)
            {
                text.Append(what).Append(each.Position).Append(' ').Append(each.Value).Append(": ").Append(each.Format).Append(each.IsStorage ? " stored\n" : "\n");
            }
        }

        void Append(string what, ImmutableArray<ValueEncoding> values)
        {
            foreach (ValueEncoding each in values)
            {
                text.Append(what).Append(each.Position).Append(' ').Append(each.Value).Append(": ").Append(each.Encoding).Append('\n');
            }
        }
    }
}
