namespace Quantization.Onnx;

/// <summary>A candidate as JSON has it.</summary>
internal sealed record AutoCandidateFacts(
    QuantizationWay Way,
    AutoVerdict Verdict,
    Advice Reason,
    double? Score,
    double? Loss,
    double? Top1,
    double? Agreement,
    double? SignalToNoise,
    double? Milliseconds,
    double? LatencyRatio,
    long? Bytes,
    double? SizeRatio,
    bool IsOnFront,
    int? QuantizedNodes,
    int? FloatNodes);
