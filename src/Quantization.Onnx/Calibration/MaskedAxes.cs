using System.Globalization;

namespace Quantization.Onnx;

/// <summary>The axes of an activation that follow the axes of a mask <c>[batch, sequence]</c>. Immutable and compared by value.</summary>
/// <remarks>
/// Scores of attention have two sequence axes. An axis that is both the batch axis and a sequence axis holds the positions of all
/// samples of a batch, one sample after another.
/// </remarks>
public sealed record MaskedAxes
{
    /// <summary>Names the axes, counted from 0.</summary>
    /// <param name="batch">The axis of the samples of a batch; null where the activation has none.</param>
    /// <param name="sequence">The axes of positions.</param>
    /// <exception cref="ArgumentOutOfRangeException">An axis is negative.</exception>
    public MaskedAxes(int? batch, params IEnumerable<int> sequence)
    {
        Batch = batch;
        Sequence = ValueList<int>.Of(sequence);
        foreach (int axis in Sequence.Append(batch ?? 0))
        {
            ArgumentOutOfRangeException.ThrowIfNegative(axis);
        }
    }

    /// <summary>No axis follows the mask, so all values of the activation count.</summary>
    public static MaskedAxes None { get; } = new((int?)null);

    /// <summary>The axis of the samples of a batch; null where the activation has none.</summary>
    public int? Batch { get; }

    /// <summary>The axes of positions.</summary>
    public IReadOnlyList<int> Sequence { get; }

    /// <summary>Whether no axis follows the mask.</summary>
    internal bool IsNone => Batch is null && Sequence.Count == 0;

    /// <summary>Compares the axes.</summary>
    public bool Equals(MaskedAxes? other) => other is not null && Batch == other.Batch && Sequence.SequenceEqual(other.Sequence);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Batch, Sequence.Count);

    /// <summary>The axes in words.</summary>
    public override string ToString() => IsNone ? "no axis" : string.Create(
        CultureInfo.InvariantCulture,
        $"{(Batch is { } batch ? $"batch axis {batch}" : "no batch axis")}, "
            + $"{(Sequence.Count == 0 ? "no sequence axis" : $"sequence axis {string.Join(" and ", Sequence)}")}");
}
