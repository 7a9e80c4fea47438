using System.Globalization;

namespace Quantization.Onnx;

/// <summary>The calibrators that a plan's file can name.</summary>
internal static class BuiltInCalibrators
{
    private const string Percentile = "Percentile ";

    /// <summary>Their names, in a list for messages.</summary>
    public const string Names = "Max, Entropy, MSE, and Percentile with a number such as Percentile 99.99";

    /// <summary>The calibrator of a name; null where it is of no built-in one.</summary>
    public static ICalibrator? Parse(string name) => name switch
    {
        "Max" => new MaxCalibrator(),
        "Entropy" => new EntropyCalibrator(),
        "MSE" => new MseCalibrator(),
        _ when name.StartsWith(Percentile, StringComparison.Ordinal)
            && double.TryParse(name.AsSpan(Percentile.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out double share)
            && share is > 0 and <= 100 => new PercentileCalibrator(share),
        _ => null,
    };

    /// <summary>Whether a plan's file can name a calibrator.</summary>
    public static bool Contains(ICalibrator calibrator) => calibrator.Equals(Parse(calibrator.Name));
}
