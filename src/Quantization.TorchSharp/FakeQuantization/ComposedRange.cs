using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// Ranges and parameters by torch's own operators, with the bits of <see cref="QuantizationParameters.FromRanges"/>; nothing is copied to
/// the processor.
/// </summary>
internal static class ComposedRange
{
    private const float SmallestNormal = 1.17549435E-38f;

    /// <summary>The smallest and the largest value of each channel, widened to contain 0: a tensor of two rows.</summary>
    /// <param name="values">The values.</param>
    /// <param name="axis">The axis that counts channels; null where there is one range.</param>
    public static Tensor Of(Tensor values, int? axis)
    {
        long[] others = [.. Enumerable.Range(0, (int)values.dim()).Where(each => each != axis).Select(each => (long)each)];
        Tensor least = values.amin(others).reshape(-1).clamp_max(0), most = values.amax(others).reshape(-1).clamp_min(0);
        return torch.stack([least, most]);
    }

    /// <summary>A range that follows another: <c>known + share · (seen − known)</c>.</summary>
    public static Tensor Average(Tensor known, Tensor seen, double share)
    {
        Tensor from = known.to_type(torch.ScalarType.Float64);
        return (from + (share * (seen.to_type(torch.ScalarType.Float64) - from))).to_type(torch.ScalarType.Float32);
    }

    /// <summary>Scales and zero-points of ranges.</summary>
    /// <param name="range">The smallest and the largest value of each channel.</param>
    /// <param name="format">The codes.</param>
    /// <param name="scheme">Affine or symmetric.</param>
    public static (Tensor Scale, Tensor ZeroPoint) Parameters(Tensor range, CodeFormat format, QuantizationScheme scheme)
    {
        Tensor least = range[0].clamp_max(0), most = range[1].clamp_min(0);
        if (scheme == QuantizationScheme.Symmetric)
        {
            Tensor extent = format.IsSigned ? torch.maximum(most, -least) : most;
            Tensor step = Step(extent.to_type(torch.ScalarType.Float64), format.MaxCode);
            return (step, torch.zeros_like(step));
        }

        Tensor extent32 = most - least;
        Tensor exact = most.to_type(torch.ScalarType.Float64) - least.to_type(torch.ScalarType.Float64);
        Tensor scale = Step(
            torch.where(extent32 == float.PositiveInfinity, exact, extent32.to_type(torch.ScalarType.Float64)),
            format.MaxCode - format.MinCode);
        Tensor zeroPoint = (format.MinCode - (least / scale).round()).clamp(format.MinCode, format.MaxCode);
        return (scale, zeroPoint);
    }

    /// <summary>A scale from its logarithm.</summary>
    public static Tensor Exponential(Tensor logarithm) =>
        logarithm.detach().to_type(torch.ScalarType.Float64).exp().to_type(torch.ScalarType.Float32).clamp(SmallestNormal, float.MaxValue);

    /// <summary>
    /// The extent over the number of steps, in double precision before it is rounded. The divisor is a tensor: devices multiply by the
    /// reciprocal of a number, which rounds differently.
    /// </summary>
    private static Tensor Step(Tensor extent, int steps)
    {
        Tensor divisor = torch.full([1], (double)steps, torch.ScalarType.Float64, extent.device);
        Tensor scale = (extent / divisor).to_type(torch.ScalarType.Float32).clamp(SmallestNormal, float.MaxValue);
        return torch.where(extent == 0, torch.ones_like(scale), scale);
    }
}
