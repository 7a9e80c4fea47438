using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>
/// Scales the columns of a value that MatMul and Gemm nodes multiply by weights, so that they share one range better (SmoothQuant):
/// column k is divided by <c>2^Exponents[k]</c> before the nodes read it, and the weights of the column are multiplied by it. Powers of
/// two change no bit of what the float model computes.
/// </summary>
/// <param name="Value">The value.</param>
/// <param name="Exponents">The exponents of the columns.</param>
public sealed record InputScaling(string Value, ImmutableArray<int> Exponents)
{
    /// <summary>Compares by value.</summary>
    public bool Equals(InputScaling? other) => other is not null && Value == other.Value && Exponents.SequenceEqual(other.Exponents);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Value, Exponents.Length);
}
