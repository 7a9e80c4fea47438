using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Quantization.Onnx;

/// <summary>What is planned for one node: the encodings are its own, whatever other nodes have. Immutable.</summary>
/// <param name="Node">The node's label: its name, or the name of its first result.</param>
/// <param name="Result">The node's first result, which tells it from all others.</param>
public sealed record NodePlan(string Node, string Result)
{
    /// <summary>The encoding of the node's weights, or of its table; null where they stay float or there are none.</summary>
    public TensorEncoding? Weights { get; init; }

    /// <summary>
    /// What is added to the bias, one value for each output channel, because rounded weights shift the mean of the results; empty where
    /// nothing is.
    /// </summary>
    public ImmutableArray<float> BiasCorrection { get; init; } = [];

    /// <summary>
    /// What is added to the nearest codes of the weights, one value for each weight in its order, filled up with 0 to a multiple of four:
    /// −1, 0 or 1, because samples show that other codes lose less together; empty where nothing is.
    /// </summary>
    public ImmutableArray<sbyte> RoundingOffsets { get; init; } = [];

    /// <summary>The encoding of the constant that the node combines its input with; null where it stays float or there is none.</summary>
    public TensorEncoding? Constant { get; init; }

    /// <summary>The inputs that the node reads from codes, in their order. The others it reads as they are.</summary>
    public ImmutableArray<ValueEncoding> Inputs { get; init; } = [];

    /// <summary>The results that become codes at once, in their order: all readers then read what the codes stand for.</summary>
    public ImmutableArray<ValueEncoding> Results { get; init; } = [];

    /// <summary>The inputs that the node takes as floats of 16 bits, in their order.</summary>
    public ImmutableArray<HalfEncoding> HalfInputs { get; init; } = [];

    /// <summary>The results that the node makes as floats of 16 bits, in their order.</summary>
    public ImmutableArray<HalfEncoding> HalfResults { get; init; } = [];

    /// <summary>Whether the node reads or makes floats of 16 bits.</summary>
    public bool IsHalf => HalfInputs.Length + HalfResults.Length > 0;

    /// <summary>The encoding of an input; null where it is read as it is.</summary>
    public TensorEncoding? InputAt(int position) => Inputs.FirstOrDefault(input => input.Position == position)?.Encoding;

    /// <summary>The node with other encodings of activations.</summary>
    internal NodePlan WithActivations(Func<ValueEncoding, TensorEncoding> change) =>
        this with { Inputs = Change(Inputs, change), Results = Change(Results, change) };

    /// <summary>Compares by value.</summary>
    public bool Equals(NodePlan? other) =>
        other is not null && (Node, Result, Weights, Constant) == (other.Node, other.Result, other.Weights, other.Constant)
        && BiasCorrection.SequenceEqual(other.BiasCorrection) && RoundingOffsets.AsSpan().SequenceEqual(other.RoundingOffsets.AsSpan())
        && Inputs.SequenceEqual(other.Inputs) && Results.SequenceEqual(other.Results)
        && HalfInputs.SequenceEqual(other.HalfInputs) && HalfResults.SequenceEqual(other.HalfResults);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Node, Result, Weights, Inputs.Length, Results.Length);

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Node = {Node}, Result = {Result}, Weights = {Weights}, Constant = {Constant}");
        builder.Append(CultureInfo.InvariantCulture, $", BiasCorrection = {ValueText.List(BiasCorrection)}");
        builder.Append(
            CultureInfo.InvariantCulture,
            $", RoundingOffsets = {RoundingOffsets.Count(offset => offset != 0)} of {RoundingOffsets.Length}");
        builder.Append(CultureInfo.InvariantCulture, $", Inputs = {ValueText.List(Inputs)}, Results = {ValueText.List(Results)}");
        return true;
    }

    /// <summary>What stays as it is, is shared: a search holds many plans that differ in little.</summary>
    private static ImmutableArray<ValueEncoding> Change(ImmutableArray<ValueEncoding> values, Func<ValueEncoding, TensorEncoding> change) =>
    [
        .. values.Select(
            each => change(each) is var changed && ReferenceEquals(changed, each.Encoding) ? each : each with { Encoding = changed }),
    ];
}
