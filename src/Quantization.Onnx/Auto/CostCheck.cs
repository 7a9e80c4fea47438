namespace Quantization.Onnx;

/// <summary>Refuses costs that no model can have, for all options that limit them.</summary>
internal static class CostCheck
{
    /// <summary>A multiple of the float model's time or size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0.</exception>
    public static double? Ratio(double? value) => value is null or (> 0 and < double.PositiveInfinity) ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "A multiple of the float model's figure is above 0, such as 0.5.");

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are below 1.</exception>
    public static long? Bytes(long? value) => value is null or >= 1 ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "A model takes at least a byte; allow more.");
}
