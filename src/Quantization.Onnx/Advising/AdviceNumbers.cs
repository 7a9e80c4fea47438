using System.Collections.Frozen;

namespace Quantization.Onnx;

/// <summary>The arguments of advice that are numbers and can be infinite. JSON has those as text.</summary>
internal static class AdviceNumbers
{
    /// <summary>The names of the arguments.</summary>
    public static FrozenSet<string> Names { get; } = FrozenSet.ToFrozenSet(
    [
        "score", "floatScore", "allInt8Score", "baselineScore", "bestScore", "otherScore", "signalToNoise", "latencyRatio", "value",
    ]);
}
