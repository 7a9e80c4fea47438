namespace Quantization.Onnx;

/// <summary>
/// What the model of a partial quantization may take beside reaching its target. Immutable. The search looks for a model that meets the
/// target and all limits; where none does, it tells which could not be met together and writes the nearest.
/// </summary>
public sealed record PartialLimits
{
    private readonly double? _maxLatencyRatio;
    private readonly double? _maxSizeRatio;
    private readonly long? _maxBytes;

    /// <summary>
    /// The most time of a run, in multiples of the model's with all layers in int8, as <see cref="PartialTarget.MaxLatencyRatio"/> counts;
    /// null for any.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public double? MaxLatencyRatio
    {
        get => _maxLatencyRatio;
        init => _maxLatencyRatio = value is null or (>= 1 and < double.PositiveInfinity) ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A latency is a multiple of the int8 model's from 1 up, such as 1.5.");
    }

    /// <summary>The most bytes of the file, as a multiple of the float model's; null for any.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double? MaxSizeRatio
    {
        get => _maxSizeRatio;
        init => _maxSizeRatio = CostCheck.Ratio(value);
    }

    /// <summary>The most bytes of the file; null for any number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? MaxBytes
    {
        get => _maxBytes;
        init => _maxBytes = CostCheck.Bytes(value);
    }

    /// <summary>The most bytes of a file; infinite for any number.</summary>
    /// <param name="floatBytes">The bytes of the float model's.</param>
    internal double MostBytes(long floatBytes) =>
        Math.Min(MaxSizeRatio * floatBytes ?? double.PositiveInfinity, MaxBytes ?? double.PositiveInfinity);
}
