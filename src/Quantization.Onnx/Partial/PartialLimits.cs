namespace Quantization.Onnx;

/// <summary>
/// Limits on the model of a partial quantization, in addition to its target. Immutable. The search looks for a model that meets the
/// target and all limits; where none does, it tells which could not be met together and writes the nearest.
/// </summary>
public sealed record PartialLimits
{
    private readonly double? _maxLatencyRatio;
    private readonly double? _maxSizeRatio;
    private readonly long? _maxBytes;

    /// <summary>
    /// The maximum latency, as a multiple of the latency with all layers in int8, as <see cref="PartialTarget.MaxLatencyRatio"/> counts;
    /// null for any.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public double? MaxLatencyRatio
    {
        get => _maxLatencyRatio;
        init => _maxLatencyRatio = value is null or (>= 1 and < double.PositiveInfinity) ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, "A latency is a multiple of the int8 model's from 1 up, such as 1.5.");
    }

    /// <summary>The maximum size of the file, as a multiple of the float model's; null for no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double? MaxSizeRatio
    {
        get => _maxSizeRatio;
        init => _maxSizeRatio = CostCheck.Ratio(value);
    }

    /// <summary>The maximum size of the file in bytes; null for no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? MaxBytes
    {
        get => _maxBytes;
        init => _maxBytes = CostCheck.Bytes(value);
    }

    /// <summary>The maximum size of a file in bytes; infinite for no limit.</summary>
    /// <param name="floatBytes">The bytes of the float model's.</param>
    internal double MostBytes(long floatBytes) =>
        Math.Min(MaxSizeRatio * floatBytes ?? double.PositiveInfinity, MaxBytes ?? double.PositiveInfinity);
}
