namespace Quantization.Onnx;

/// <summary>One matrix or table whose weights are codes in blocks. Immutable.</summary>
/// <param name="Node">The node that reads it first, as <see cref="PtqResult.QuantizedNodes"/> names it.</param>
/// <param name="Operator">The node's operator.</param>
/// <param name="Weights">The number of weights.</param>
/// <param name="Bits">The bits of a code.</param>
/// <param name="BlockSize">The weights that share a scale.</param>
/// <param name="Method">How weights became codes.</param>
/// <param name="Bytes">The bytes of codes, scales and zero points.</param>
/// <param name="Error">The energy of the error as a share of the signal's: 0.01 is 20 dB.</param>
/// <param name="IsOfOutputs">
/// Whether the error is that of the layer's outputs, as samples show its inputs. Otherwise it is that of the weights themselves.
/// </param>
public sealed record RoundedLayer(
    string Node, string Operator, long Weights, int Bits, int BlockSize, WeightMethod Method, long Bytes, double Error, bool IsOfOutputs)
{
    /// <summary><see cref="Error"/> as a ratio of signal to noise in dB; +∞ where nothing differs.</summary>
    public double SignalToNoise => Error == 0 ? double.PositiveInfinity : -10 * Math.Log10(Error);
}
