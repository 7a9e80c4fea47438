namespace Quantization.Onnx;

/// <summary>Tells why known functions stay in float.</summary>
internal static class FloatPatternReasons
{
    /// <summary>The reasons, by the name of the node that makes the result. Each begins with the name of the function.</summary>
    public static IReadOnlyDictionary<string, string> Of(QuantizableGraph graph)
    {
        Dictionary<string, string> reasons = [];
        foreach (FloatPattern pattern in graph.Patterns)
        {
            reasons.TryAdd(pattern.Label, $"{NameOf(pattern.Kind)}: {ReasonOf(pattern.Kind, graph.Target)}");
        }

        return reasons;
    }

    private static string NameOf(FloatPatternKind kind) => kind switch
    {
        FloatPatternKind.Softmax => "Softmax",
        FloatPatternKind.Gelu => "GELU",
        FloatPatternKind.LayerNorm => "LayerNorm",
        FloatPatternKind.RmsNorm => "RMSNorm",
        _ => "rotary embedding",
    };

    private static string ReasonOf(FloatPatternKind kind, Target target) => kind switch
    {
        FloatPatternKind.Softmax => "8-bit codes are too coarse for small shares",
        FloatPatternKind.RotaryEmbedding => "it computes little, and codes of its parts would be converted at each step",
        _ when target.IsRunHere => "ONNX Runtime has no int8 form of it",
        _ => "it computes little, and codes inside of it would cost accuracy",
    };
}
