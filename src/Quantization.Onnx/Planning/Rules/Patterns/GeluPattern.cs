using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Recognizes a GELU that several operators compute: x · ½ · (1 + erf(x / √2)), or with tanh(√(2/π) · (x + 0.044715 · x³)) in the place
/// of erf. The factors may stand in any order.
/// </summary>
internal static class GeluPattern
{
    /// <summary>More nodes do not lie before the Erf or the Tanh.</summary>
    private const int MaxBefore = 8;

    /// <summary>Finds the pattern around an Erf or a Tanh.</summary>
    public static FloatPattern? Find(NodeProto curve, PatternGraph values)
    {
        if (values.ReaderOf(curve, "Add") is not { } sum || PatternGraph.OtherOf(sum, curve.Output[0]) is not { } one
            || !values.IsNumber(one))
        {
            return null;
        }

        List<NodeProto> after = [curve, sum];
        string? input = null;
        for (NodeProto? last = sum; values.ReaderOf(last, "Mul") is { } product; last = product)
        {
            string? other = PatternGraph.OtherOf(product, last.Output[0]);
            if (other is null || (!values.IsNumber(other) && input is not null))
            {
                break;
            }

            if (!values.IsNumber(other))
            {
                input = other;
            }

            after.Add(product);
        }

        if (input is null)
        {
            return null;
        }

        // The half may stand at x.
        NodeProto? half = values.MakerOf(input, "Mul");
        string? halved = half is not null && half.Input.Any(values.IsNumber) ? values.ComputedOf(half) : null;
        if (values.Between(curve.Input[0], input, MaxBefore) is { } before)
        {
            return new FloatPattern(FloatPatternKind.Gelu, [.. before, .. after]);
        }

        return halved is not null && values.Between(curve.Input[0], halved, MaxBefore) is { } longer
            ? new FloatPattern(FloatPatternKind.Gelu, [.. longer, half!, .. after])
            : null;
    }
}
