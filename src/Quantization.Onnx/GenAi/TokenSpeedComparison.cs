namespace Quantization.Onnx;

/// <summary>How fast the float language model and the quantized one are, measured in turn in the same process. Immutable.</summary>
/// <param name="Float">The float model.</param>
/// <param name="Quantized">The quantized one.</param>
public sealed record TokenSpeedComparison(TokenSpeed Float, TokenSpeed Quantized)
{
    /// <summary>The tokens that the quantized model writes, as a multiple of the float one's: above 1 it is faster.</summary>
    public double Ratio => Quantized.TokensPerSecond / Float.TokensPerSecond;
}
