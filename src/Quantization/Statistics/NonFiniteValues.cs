namespace Quantization;

/// <summary>What observing does with NaN and ±∞, which no range can contain.</summary>
public enum NonFiniteValues
{
    /// <summary>Refuse them with a <see cref="NonFiniteValueException"/>; the statistics stay as they were.</summary>
    Throw,

    /// <summary>Leave them out of range and bins, and count them in <see cref="TensorStatistics.NonFiniteCount"/>.</summary>
    Ignore,
}
