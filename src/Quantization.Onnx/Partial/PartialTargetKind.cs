namespace Quantization.Onnx;

/// <summary>What a <see cref="PartialTarget"/> bounds.</summary>
public enum PartialTargetKind
{
    /// <summary>The metric's loss against the float model.</summary>
    MaxLoss,

    /// <summary>The metric itself.</summary>
    Reach,

    /// <summary>The latency, as a multiple of the int8 model's.</summary>
    MaxLatencyRatio,
}
