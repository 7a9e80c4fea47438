using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>
/// Scales the channels of a convolution's result, or the columns that a Gather looks up in a table, so that they share one range better:
/// channel c is divided by <c>2^Exponents[c]</c> where it is made and multiplied where it is read, both in the weights. Powers of two
/// change no bit of what the float model computes.
/// </summary>
/// <param name="Value">The result of the Conv or Gather.</param>
/// <param name="Exponents">The exponents of the channels.</param>
public sealed record ChannelScaling(string Value, ImmutableArray<int> Exponents)
{
    /// <summary>Compares by value.</summary>
    public bool Equals(ChannelScaling? other) => other is not null && Value == other.Value && Exponents.SequenceEqual(other.Exponents);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Value, Exponents.Length);
}
