using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// The gradients of XNOR-Net's binary values (Rastegari et al., 2016, arXiv:1603.05279). The sign, +1 from 0 upwards and −1 below, has
/// gradient 0 almost everywhere; its estimator is that of the clamp to [−1, 1]. Results are the same bits at every vector width.
/// </summary>
public static unsafe class SignGradient
{
    /// <summary>
    /// The gradient of <c>sign(x)</c>: <c>sourceGradient[i] = outputGradient[i]</c> where <c>|source[i]| ≤ 1</c>, else 0; also for NaN.
    /// </summary>
    /// <param name="source">The values of the forward pass.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the signs, as many.</param>
    /// <param name="sourceGradient">
    /// Receives the gradient with respect to the values, at least as many; it may be one of the inputs.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The lengths do not fit, or the destination overlaps an input elsewhere than at its start.
    /// </exception>
    public static void StraightThrough(ReadOnlySpan<float> source, ReadOnlySpan<float> outputGradient, Span<float> sourceGradient)
    {
        Check(source, outputGradient, sourceGradient);
        fixed (float* x = source)
        fixed (float* g = outputGradient)
        fixed (float* result = sourceGradient)
        {
            GradientKernels.Clip(x, g, result, source.Length, UnitRange);
        }
    }

    /// <summary>
    /// The gradient of <c>α · sign(w)</c> with <c>α = mean|w|</c>, the binary weights of one filter:
    /// <c>sourceGradient[i] = α · outputGradient[i] · [|w_i| ≤ 1] + sign(w_i) / n · Σ_j outputGradient[j] · sign(w_j)</c>. The second term
    /// is what changing w_i does through the mean; section 3.1 of the paper shortens it to <c>outputGradient[i] / n</c>, which drops the
    /// other weights' share.
    /// </summary>
    /// <param name="source">The weights of one filter.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the binary weights, as many.</param>
    /// <param name="meanMagnitude">α.</param>
    /// <param name="sourceGradient">
    /// Receives the gradient with respect to the weights, at least as many; it may be one of the inputs.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The lengths do not fit, or the destination overlaps an input elsewhere than at its start.
    /// </exception>
    public static void ScaledSign(
        ReadOnlySpan<float> source, ReadOnlySpan<float> outputGradient, float meanMagnitude, Span<float> sourceGradient)
    {
        Check(source, outputGradient, sourceGradient);
        if (source.IsEmpty)
        {
            return;
        }

        double sum = 0;
        for (int i = 0; i < source.Length; i++)
        {
            sum += source[i] < 0 ? -outputGradient[i] : outputGradient[i];
        }

        float throughMean = (float)(sum / source.Length);
        for (int i = 0; i < source.Length; i++)
        {
            float value = source[i];
            float throughSign = MathF.Abs(value) <= 1 ? meanMagnitude * outputGradient[i] : 0;
            sourceGradient[i] = throughSign + (value < 0 ? -throughMean : throughMean);
        }
    }

    private static ClippingRange UnitRange => new(new CodeFormat(CodeType.Int8, -1, 1), 1, 0);

    private static void Check(ReadOnlySpan<float> source, ReadOnlySpan<float> outputGradient, Span<float> sourceGradient)
    {
        if (outputGradient.Length != source.Length)
        {
            throw new ArgumentException($"There are {outputGradient.Length} gradients for {source.Length} values.", nameof(outputGradient));
        }

        Overlap.ThrowUnlessDestinationFits(source.Length, sourceGradient.Length, nameof(sourceGradient));
        nint bytes = (nint)source.Length * sizeof(float);
        fixed (float* x = source)
        fixed (float* g = outputGradient)
        fixed (float* result = sourceGradient)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(x, bytes, result, bytes, nameof(sourceGradient));
            Overlap.ThrowUnlessDisjointOrInPlace(g, bytes, result, bytes, nameof(sourceGradient));
        }
    }
}
