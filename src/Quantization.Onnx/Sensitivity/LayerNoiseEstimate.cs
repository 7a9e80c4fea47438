namespace Quantization.Onnx;

/// <summary>
/// The noise that quantization is expected to bring to one layer's result, from statistics alone, as a share of the signal's power.
/// Immutable.
/// </summary>
/// <remarks>
/// With noise that depends neither on the signal nor on other noise, the result of a layer has the ratio <c>σ_x²/E[x²] + σ_w²/E[w²]</c>:
/// the sum of the inverse SQNRs of its input and of its weights (Lin, Talathi and Annapureddy, "Fixed Point Quantization of Deep
/// Convolutional Networks", ICML 2016, section 3.1), and its own quantization adds <c>σ_y²/E[y²]</c> where it becomes codes. <c>σ_x²</c>
/// and <c>σ_y²</c> are the mean squared errors of the calibration histogram under the chosen range: within it that of rounding each bin's
/// centre, or <c>scale²/12</c> where steps are narrower than four bins; beyond it that of clipping. The weights' errors are computed
/// exactly, and averaged over output channels as ratios: each channel is a feature of its own, however small its weights.
/// </remarks>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its operator.</param>
/// <param name="Activations"><c>σ_x²/E[x²]</c>, and <c>σ_y²/E[y²]</c> where the result becomes codes.</param>
/// <param name="Weights">The mean of <c>σ_w²/E[w²]</c> over the output channels.</param>
public sealed record LayerNoiseEstimate(string Node, string Operator, double Activations, double Weights)
{
    /// <summary>All of it: larger is more sensitive.</summary>
    public double NoiseToSignal => Activations + Weights;
}
