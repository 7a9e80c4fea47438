using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Figures as reports and advice show them, the same in every culture.</summary>
internal static class Figure
{
    public const string None = "–";

    public static string Percent(double? share) => share is { } value ? Format($"{100 * value:F2} %") : None;

    /// <summary>Points of a percentage.</summary>
    public static string Points(double share) => Format($"{100 * share:F2}");

    public static string Decibels(double? ratio) => ratio switch
    {
        null => None,
        double.PositiveInfinity => "exact",
        { } value => Format($"{value:F1} dB"),
    };

    public static string Bytes(long? bytes) => bytes switch
    {
        null => None,
        < 1_000 => Format($"{bytes} B"),
        < 1_000_000 => Format($"{bytes / 1e3:F1} KB"),
        < 1_000_000_000 => Format($"{bytes / 1e6:F1} MB"),
        _ => Format($"{bytes / 1e9:F2} GB"),
    };

    public static string Milliseconds(double? time) => time is { } value ? Format($"{value:F3} ms") : None;

    public static string Ratio(double ratio) => Format($"{ratio:F2}");

    /// <summary>How fast a run is beside the float model's: <c>1.5× faster</c>, <c>1.2× slower</c>.</summary>
    /// <param name="timeRatio">The time of a run as a multiple of the float model's.</param>
    public static string Speed(double timeRatio) => timeRatio switch
    {
        > 0.975 and < 1.025 => "as fast as before",
        <= 0.975 => Format($"{1 / timeRatio:F1}× faster"),
        _ => Format($"{timeRatio:F1}× slower"),
    };

    public static string Count(long count) => Format($"{count:N0}");

    /// <summary>Up to four significant digits.</summary>
    public static string Value(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>A metric's figure: shares as percentages, ratios in dB, others as numbers.</summary>
    public static string Metric(double? value, MetricUnit unit) => (value, unit) switch
    {
        (null, _) => None,
        (_, MetricUnit.Share) => Percent(value),
        (_, MetricUnit.Decibels) => Decibels(value),
        _ => Value(value.Value),
    };

    /// <summary>A difference of a metric's figures.</summary>
    public static string Margin(double difference, MetricUnit unit) =>
        unit == MetricUnit.Share ? $"{Points(difference)} points" : Metric(difference, unit);

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
