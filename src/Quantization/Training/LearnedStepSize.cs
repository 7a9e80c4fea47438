using System.Globalization;
using System.Numerics.Tensors;

namespace Quantization;

/// <summary>
/// The constants of LSQ, learned step size quantization (Esser et al., 2020, arXiv:1902.08153), where the scale is a parameter that
/// training changes.
/// </summary>
public static class LearnedStepSize
{
    /// <summary>
    /// The scale to start from, <c>2 · mean|values| / √MaxCode</c> (section 2.1 of the paper), computed in double precision. At least
    /// 2⁻¹²⁶, and 1 where all values are 0: a scale is never 0.
    /// </summary>
    /// <param name="values">The weights, or the activations of a first batch; finite.</param>
    /// <param name="format">The codes; <c>MaxCode</c> above 0.</param>
    /// <exception cref="ArgumentException">There is no value, one is NaN or infinite, or the format has no code above 0.</exception>
    public static float InitialScale(ReadOnlySpan<float> values, CodeFormat format)
    {
        int largest = LargestCode(format);
        if (values.IsEmpty)
        {
            throw new ArgumentException("A scale cannot be estimated from no values.", nameof(values));
        }

        double sum = 0;
        foreach (float value in values)
        {
            sum += Math.Abs((double)value);
        }

        if (!double.IsFinite(sum))
        {
            throw new ArgumentException("A scale cannot be estimated from NaN or infinite values.", nameof(values));
        }

        return sum == 0 ? 1 : (float)Math.Clamp(2 * (sum / values.Length) / Math.Sqrt(largest), 1.17549435E-38, float.MaxValue);
    }

    /// <summary>What LSQ multiplies the gradient of a scale by, <c>1 / √(count · MaxCode)</c> (section 2.2 of the paper).</summary>
    /// <param name="count">The values that share the scale: the weights of a tensor or channel, or the activations of one sample.</param>
    /// <param name="format">The codes; <c>MaxCode</c> above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    /// <exception cref="ArgumentException">The format has no code above 0.</exception>
    public static double GradientScale(long count, CodeFormat format)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return 1 / Math.Sqrt((double)count * LargestCode(format));
    }

    private static int LargestCode(CodeFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return format.MaxCode > 0
            ? format.MaxCode
            : throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{format} has no code above 0; a learned scale needs one."), nameof(format));
    }
}
