namespace Quantization.Onnx.Tests.Golden;

/// <summary>
/// The SHA-256 of each file as the library wrote it when the table was made: one line a case, <c>model | options | SHA-256</c>, in ordinal
/// order.
/// </summary>
internal static class GoldenTable
{
    private const string Separator = " | ";

    private static string FilePath => GoldenFolder.PathTo("table.txt");

    /// <summary>Reads the lines of a group of models.</summary>
    public static Dictionary<string, string> Read(string group) =>
        ReadAll().Where(line => IsOf(group, line.Key)).ToDictionary(StringComparer.Ordinal);

    /// <summary>Replaces the lines of a group of models.</summary>
    public static void Write(string group, IEnumerable<KeyValuePair<string, string>> lines) => File.WriteAllLines(
        FilePath,
        ReadAll().Where(line => !IsOf(group, line.Key)).Concat(lines).Select(line => line.Key + Separator + line.Value)
            .Order(StringComparer.Ordinal));

    /// <summary>What differs between the table and what was written now, a line each.</summary>
    /// <param name="expected">The table.</param>
    /// <param name="actual">What was written now.</param>
    /// <param name="isComplete">Whether each line of the table should have been written now.</param>
    public static string[] Compare(
        IReadOnlyDictionary<string, string> expected, IReadOnlyDictionary<string, string> actual, bool isComplete) =>
    [
        .. actual.Where(each => expected.GetValueOrDefault(each.Key) != each.Value).OrderBy(each => each.Key, StringComparer.Ordinal)
            .Select(each => $"{each.Key}: {each.Value}, in the table {expected.GetValueOrDefault(each.Key, "there is no such line")}"),
        .. expected.Keys.Where(key => isComplete && !actual.ContainsKey(key)).Order(StringComparer.Ordinal)
            .Select(key => $"{key}: in the table only"),
    ];

    private static bool IsOf(string group, string key) =>
        key.StartsWith($"{group} ", StringComparison.Ordinal) || key.StartsWith($"{group}/", StringComparison.Ordinal);

    private static KeyValuePair<string, string>[] ReadAll() => File.Exists(FilePath)
        ? [.. File.ReadAllLines(FilePath).Select(line => (Line: line, End: line.LastIndexOf(Separator, StringComparison.Ordinal)))
            .Select(each => KeyValuePair.Create(each.Line[..each.End], each.Line[(each.End + Separator.Length)..]))]
        : [];
}
