using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The values that make a difference to what reads them. HardSigmoid cuts its argument on both sides, hard-swish below: codes beyond would be lost to values that all become the same. A negative half is often the larger one.
/// </summary>
/// <param name="Least">Values below count as this one.</param>
/// <param name="Most">Values above count as this one.</param>
public readonly record struct EffectiveRange(float Least, float Most)
{
    /// <summary>The steepness and the middle that a HardSigmoid has where it does not say.</summary>
    private const float DefaultAlpha = 0.2f, DefaultBeta = 0.5f;

    /// <summary>Where the readers of a value saturate.</summary>
    /// <returns>Null where they do not.</returns>
    internal static EffectiveRange? Find(string value, GraphIndex graph)
    {
        IReadOnlyList<NodeProto> readers = graph.Consumers(value);
        if (graph.IsVisibleOutside(value) || readers.FirstOrDefault(IsHardSigmoid) is not { } gate)
        {
            return null;
        }

        float alpha = gate.GetFloat("alpha", DefaultAlpha), beta = gate.GetFloat("beta", DefaultBeta);
        NodeProto[] others = [.. readers.Where(reader => reader != gate)];
        return !(alpha > 0 && float.IsFinite(alpha)) || beta is not (>= 0 and <= 1) ? null
            : others.Length == 0 ? new EffectiveRange(-beta / alpha, (1 - beta) / alpha)
            : others is [{ OpType: "Mul" } product] && Opset.IsOnnx(product.Domain) && product.Input.Contains(gate.Output[0]) ? new EffectiveRange(-beta / alpha, float.MaxValue)
            : null;
    }

    /// <summary>
    /// The part of a range that makes a difference, and a step more: where the zero-point's rounding moved the outermost code inside, all that saturates would be off by the same little, which sums do not average out.
    /// A part of a symmetric range is symmetric too.
    /// </summary>
    /// <param name="range">The range.</param>
    /// <param name="scheme">Whether it is symmetric.</param>
    /// <param name="levels">How many codes the stored type has.</param>
    internal ValueRange Cut(ValueRange range, QuantizationScheme scheme, long levels)
    {
        float least = MathF.Max(range.Min, Least), most = MathF.Min(range.Max, Most);
        float step = (most - least) / (levels - 3);
        (least, most) = (least - step, most + step);
        if (scheme == QuantizationScheme.Symmetric)
        {
            (least, most) = (MathF.Min(least, -most), MathF.Max(most, -least));
        }

        return new ValueRange(MathF.Max(range.Min, least), MathF.Min(range.Max, most));
    }

    private static bool IsHardSigmoid(NodeProto node) => node.OpType == "HardSigmoid" && Opset.IsOnnx(node.Domain);
}
