using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The values that make a difference to what reads them. HardSigmoid cuts its argument on both sides, hard-swish and Max below: codes
/// beyond would be lost to values that all become the same. A negative half is often the larger one.
/// </summary>
/// <param name="Least">Values below count as this one.</param>
/// <param name="Most">Values above count as this one.</param>
public readonly record struct EffectiveRange(float Least, float Most)
{
    /// <summary>Where the readers of a value saturate.</summary>
    /// <returns>Null where they do not.</returns>
    internal static EffectiveRange? Find(string value, GraphIndex graph)
    {
        // What is concatenated may take the codes of the result, so that whoever else reads it would see them cut.
        if (graph.FindProducer(value) is { OpType: "Concat" } concat
            && concat.Input.Any(input => graph.IsVisibleOutside(input) || graph.Consumers(input).Count > 1))
        {
            return null;
        }

        Interval passed = new PassedRange(graph).Of(value);
        return passed.IsAll
            ? null
            : new EffectiveRange((float)Math.Max(passed.Least, float.MinValue), (float)Math.Min(passed.Most, float.MaxValue));
    }

    /// <summary>
    /// The part of a range that makes a difference, and a step more: where the zero-point's rounding moved the outermost code inside, all
    /// that saturates would be off by the same little, which sums do not average out. A part of a symmetric range is symmetric too.
    /// </summary>
    /// <param name="range">The range.</param>
    /// <param name="scheme">Whether it is symmetric.</param>
    /// <param name="levels">How many codes the stored type has.</param>
    internal ValueRange Cut(ValueRange range, QuantizationScheme scheme, long levels)
    {
        float least = MathF.Max(range.Min, Least), most = MathF.Min(range.Max, Most);
        if (least == most)
        {
            return range; // nothing that was seen makes a difference, and codes need a range
        }

        float step = (most - least) / (levels - 3);
        (least, most) = (least - step, most + step);
        if (scheme == QuantizationScheme.Symmetric)
        {
            (least, most) = (MathF.Min(least, -most), MathF.Max(most, -least));
        }

        return new ValueRange(MathF.Max(range.Min, least), MathF.Min(range.Max, most));
    }
}
