namespace Quantization.Onnx;

/// <summary>
/// The budget for the model that <see cref="AutoQuantizer"/> picks. Immutable. Without a limit on time or size, the model must be
/// faster and smaller than the float model.
/// </summary>
public sealed record AutoBudget
{
    private readonly double? _maxLoss;
    private readonly double? _maxLatencyRatio;
    private readonly double? _maxSizeRatio;
    private readonly long? _maxBytes;

    /// <summary>
    /// How much worse than for the float model the metric may be: 0.005 of accuracy is half a point. Null, the default, sets no limit.
    /// With a limit, the fastest model that loses no more is picked. Without one, the model that loses the least is picked.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not a number.</exception>
    public double? MaxLoss
    {
        get => _maxLoss;
        init => _maxLoss = value is null or (>= 0 and < double.PositiveInfinity) ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A loss is 0 or more, such as 0.005.");
    }

    /// <summary>The maximum latency, as a multiple of the float model's on this machine; null, the default, sets no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double? MaxLatencyRatio
    {
        get => _maxLatencyRatio;
        init => _maxLatencyRatio = CostCheck.Ratio(value);
    }

    /// <summary>The maximum size of the file, as a multiple of the float model's; null, the default, sets no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double? MaxSizeRatio
    {
        get => _maxSizeRatio;
        init => _maxSizeRatio = CostCheck.Ratio(value);
    }

    /// <summary>
    /// The maximum size of the file in bytes; null, the default, sets no limit. With <see cref="MaxSizeRatio"/>, both hold.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? MaxBytes
    {
        get => _maxBytes;
        init => _maxBytes = CostCheck.Bytes(value);
    }

    /// <summary>Whether time or size is limited.</summary>
    internal bool HasCost => MaxLatencyRatio is not null || MaxSizeRatio is not null || MaxBytes is not null;

    /// <summary>The most bytes of a file.</summary>
    /// <param name="floatBytes">The bytes of the float model's.</param>
    /// <returns>Null where the size is not limited.</returns>
    internal double? MostBytes(long floatBytes) => (MaxSizeRatio * floatBytes, (double?)MaxBytes) switch
    {
        ({ } share, { } bytes) => Math.Min(share, bytes),
        var (share, bytes) => share ?? bytes,
    };
}
