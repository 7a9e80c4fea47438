using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// Chooses for each weight of an output channel whether its code is rounded down or up, so that the error of the layer's results is small:
/// with e the errors of the weights and H the covariance of the inputs, <c>eᵀ · H · e</c>. Weights are turned round one after another as
/// long as that lowers the error (coordinate descent on the objective of AdaRound, Nagel et al. 2020, https://arxiv.org/abs/2004.10568).
/// </summary>
internal static class RoundingDescent
{
    /// <summary>The share of the mean of H's diagonal that is added to it: what samples show is not all there is.</summary>
    private const float Damping = 0.01f;

    /// <summary>Each sweep finds less; few are enough.</summary>
    private const int MaxSweeps = 30;

    /// <summary>Finds the offsets of one channel.</summary>
    /// <param name="weights">The weights in steps of the scale.</param>
    /// <param name="covariance">H, row by row.</param>
    /// <param name="order">The order in which weights are visited.</param>
    /// <param name="highest">The highest code; the lowest is its negative.</param>
    /// <param name="offsets">What to add to the nearest codes: −1, 0 or 1.</param>
    public static void Find(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> covariance, ReadOnlySpan<int> order, long highest, Span<sbyte> offsets)
    {
        int length = weights.Length;
        float[] errors = new float[length], gradient = new float[length];
        float damping = 0;
        for (int i = 0; i < length; i++)
        {
            errors[i] = Nearest(weights[i], highest) - weights[i];
            damping += covariance[i * length + i] * Damping / length;
        }

        for (int i = 0; i < length; i++)
        {
            TensorPrimitives.MultiplyAdd(covariance.Slice(i * length, length), errors[i], gradient, gradient);
        }

        offsets.Clear();
        bool isChanged = true;
        for (int sweep = 0; isChanged && sweep < MaxSweeps; sweep++)
        {
            isChanged = false;
            foreach (int i in order)
            {
                // The other of the two codes that the weight lies between.
                float step = offsets[i] != 0 ? -offsets[i] : errors[i] > 0 ? -1 : 1;
                float code = weights[i] + errors[i] + step;
                float slope = 2 * step * (gradient[i] + damping * errors[i]), curvature = covariance[i * length + i] + damping;
                if (MathF.Abs(code) > highest || !(slope + curvature < -1e-4f * curvature))
                {
                    continue;
                }

                errors[i] += step;
                offsets[i] += (sbyte)step;
                TensorPrimitives.MultiplyAdd(covariance.Slice(i * length, length), step, gradient, gradient);
                isChanged = true;
            }
        }
    }

    private static float Nearest(float weight, long highest) => Math.Clamp(MathF.Round(weight, MidpointRounding.ToEven), -highest, highest);
}
