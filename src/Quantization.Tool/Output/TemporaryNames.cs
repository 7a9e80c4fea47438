using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Quantization.Tool;

/// <summary>
/// Libraries write into hidden folders beside the outputs and name those in their messages. Users should read the names that they gave.
/// </summary>
internal static class TemporaryNames
{
    private static readonly ConcurrentDictionary<string, Regex> Folders = new(StringComparer.Ordinal);

    /// <summary>Remembers an output.</summary>
    public static void Add(string outputPath)
    {
        string name = Path.GetFileName(outputPath);
        Folders.TryAdd(name, new Regex($@"[/\\]\.{Regex.Escape(name)}\.[a-z0-9]{{8}}\.[a-z0-9]{{3}}", RegexOptions.CultureInvariant));
    }

    /// <summary>The text with the final places of outputs instead of the temporary ones.</summary>
    public static string Restore(string text) => Folders.Values.Aggregate(text, (result, folder) => folder.Replace(result, ""));
}
