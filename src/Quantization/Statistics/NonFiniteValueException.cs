using System.Globalization;

namespace Quantization;

/// <summary>A NaN or ±∞ was met where only finite values can be observed. Nothing was added to the statistics.</summary>
public sealed class NonFiniteValueException : ArgumentException
{
    internal NonFiniteValueException(long index, float value)
        : base(string.Create(CultureInfo.InvariantCulture, $"The value at index {index} is {Name(value)}; a range can be calibrated from "
            + $"finite values only. Clean the data, or pass NonFiniteValues.Ignore to leave such values out and count them."), "values")
    {
        Index = index;
        Value = value;
    }

    /// <summary>The position of the first such value, counted row-major from 0.</summary>
    public long Index { get; }

    /// <summary>The value: NaN, +∞ or −∞.</summary>
    public float Value { get; }

    private static string Name(float value) => float.IsNaN(value) ? "NaN" : value > 0 ? "+infinity" : "-infinity";
}
