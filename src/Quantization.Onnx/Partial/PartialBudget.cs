namespace Quantization.Onnx;

/// <summary>One of the requirements on a partial quantization.</summary>
public enum PartialBudget
{
    /// <summary>The figure of <see cref="PartialOptions.Target"/>.</summary>
    Figure,

    /// <summary><see cref="PartialLimits.MaxLatencyRatio"/>.</summary>
    Latency,

    /// <summary><see cref="PartialLimits.MaxSizeRatio"/> or <see cref="PartialLimits.MaxBytes"/>.</summary>
    Size,
}
