using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Figures as tables show them, the same in every culture.</summary>
internal static class Figures
{
    /// <summary>What stands where there is no figure.</summary>
    public const string None = "-";

    private const int MaxNames = 10;

    /// <summary>For example <c>92.45 %</c>.</summary>
    public static string Percent(double? share) => share is double value ? Format($"{100 * value:F2} %") : None;

    /// <summary>For example <c>31.2 dB</c>; a model that differs nowhere is <c>exact</c>.</summary>
    public static string Decibels(double? ratio) => ratio switch
    {
        null => None,
        double.PositiveInfinity => "exact",
        double value => Format($"{value:F1} dB"),
    };

    /// <summary>For example <c>101.4 KB (0.38x)</c>, beside a reference size.</summary>
    public static string Bytes(long bytes, long reference) => $"{Bytes(bytes)} {Ratio((double)bytes / reference)}";

    /// <summary>For example <c>101.4 KB</c>, in steps of 1,000.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1_000 => Format($"{bytes} B"),
        < 1_000_000 => Format($"{bytes / 1e3:F1} KB"),
        < 1_000_000_000 => Format($"{bytes / 1e6:F1} MB"),
        _ => Format($"{bytes / 1e9:F2} GB"),
    };

    /// <summary>For example <c>3.21 ms (0.48x)</c>, beside a reference time.</summary>
    public static string Milliseconds(TimeSpan time, TimeSpan reference) => $"{Milliseconds(time)} {Ratio(time / reference)}";

    /// <summary>For example <c>3.21 ms</c>.</summary>
    public static string Milliseconds(TimeSpan time) => time.TotalMilliseconds switch
    {
        < 1 => Format($"{time.TotalMilliseconds:F3} ms"),
        < 100 => Format($"{time.TotalMilliseconds:F2} ms"),
        _ => Format($"{time.TotalMilliseconds:F0} ms"),
    };

    /// <summary>For example <c>45 s</c> or <c>2 min 5 s</c>.</summary>
    public static string Duration(TimeSpan time)
    {
        long seconds = (long)Math.Ceiling(time.TotalSeconds);
        return seconds < 60 ? Format($"{seconds} s") : Format($"{seconds / 60} min {seconds % 60} s");
    }

    /// <summary>For example <c>2,000 images</c> or <c>1 image</c>.</summary>
    public static string Count(long count, string noun) => Format($"{count:N0} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>The indices that names of classes got, in a sentence.</summary>
    public static string ClassNames(string labelsPath, IReadOnlyList<string> names)
    {
        string list = string.Join(", ", names.Take(MaxNames).Select((name, i) => Format($"{i} {name}")));
        return $"{labelsPath}: classes are counted in the alphabetical order of their names, capitals first: "
            + $"{list}{(names.Count > MaxNames ? ", ..." : "")}. Where the model counts them otherwise, list them in its order: "
            + $"{DataOptions.Classes} classes.txt.";
    }

    /// <summary>For example <c>2,000</c>.</summary>
    public static string Count(long count) => Format($"{count:N0}");

    /// <summary>A metric's figure: shares as percentages, ratios in dB, others as numbers.</summary>
    public static string Metric(MetricFigure? figure) => figure switch
    {
        null => None,
        { Unit: MetricUnit.Share } => Percent(figure.Value),
        { Unit: MetricUnit.Decibels } => Decibels(figure.Value),
        _ => figure.Value.ToString("G4", CultureInfo.InvariantCulture),
    };

    /// <summary>For example <c>1,204</c> or <c>12.3</c>, a second.</summary>
    public static string Rate(double rate) => rate < 100 ? Format($"{rate:F1}") : Format($"{rate:N0}");

    /// <summary>For example <c>3.52</c>.</summary>
    public static string Mean(double mean) => Format($"{mean:F2}");

    /// <summary>For example <c>0.87</c>.</summary>
    public static string Correlation(double? correlation) => correlation is { } value ? Format($"{value:F2}") : None;

    private static string Ratio(double ratio) => Format($"({ratio:F2}x)");

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
