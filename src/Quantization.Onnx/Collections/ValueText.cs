using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Collections as text, for records that are logged: the values, cut where there are many.</summary>
internal static class ValueText
{
    private const int Most = 100;

    /// <summary>For example <c>[conv1, conv2]</c>.</summary>
    public static string List<T>(IReadOnlyCollection<T> items) =>
        $"[{string.Join(", ", items.Take(Most).Select(item => Of(item)))}{Rest(items.Count)}]";

    /// <summary>For example <c>{conv1: MSE}</c>.</summary>
    public static string Entries<TKey, TValue>(IReadOnlyCollection<KeyValuePair<TKey, TValue>> entries) =>
        $"{{{string.Join(", ", entries.Take(Most).Select(entry => $"{Of(entry.Key)}: {Of(entry.Value)}"))}{Rest(entries.Count)}}}";

    private static string? Of<T>(T item) => item switch
    {
        ICalibrator calibrator => calibrator.Name,
        IReadOnlyCollection<string> names => List(names),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => item?.ToString(),
    };

    private static string Rest(int count) => count > Most ? FormattableString.Invariant($" and {count - Most} more") : "";
}
