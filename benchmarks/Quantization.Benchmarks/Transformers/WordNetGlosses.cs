using Quantization.Onnx.Tests;

namespace Quantization.Benchmarks.Transformers;

/// <summary>Sentences of a Debian package: what WordNet says of nouns.</summary>
internal static class WordNetGlosses
{
    /// <summary>Shorter ones are hardly sentences.</summary>
    private const int LeastLength = 40;

    /// <summary>Sentences from all over the dictionary, the same at each run.</summary>
    public static string[] Take(int count)
    {
        string path = Prerequisite.DebianFile("/usr/share/wordnet/data.noun", "wordnet-base");
        string[] all = [.. File.ReadLines(path).Select(Gloss).Where(gloss => gloss.Length >= LeastLength).Distinct()];
        return [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Length / count)])];
    }

    /// <summary>The explanation behind the bar, without the examples that follow it in quotes.</summary>
    private static string Gloss(string line)
    {
        int bar = line.IndexOf("| ", StringComparison.Ordinal);
        string gloss = bar < 0 ? "" : line[(bar + 2)..];
        int example = gloss.IndexOf("; \"", StringComparison.Ordinal);
        return (example < 0 ? gloss : gloss[..example]).Trim();
    }
}
