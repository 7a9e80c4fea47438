namespace Quantization.Mutations;

/// <summary>One small change of the sources.</summary>
/// <param name="Number">Its number, which the environment variable of a run holds.</param>
/// <param name="Path">The file, from the repository's root.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Before">The code.</param>
/// <param name="After">What it becomes.</param>
internal sealed record Mutant(int Number, string Path, int Line, string Before, string After)
{
    /// <summary>The change in one line.</summary>
    public override string ToString() => $"{Number} {Path}:{Line}: {Short(Before)} → {Short(After)}";

    private static string Short(string code)
    {
        string line = string.Join(' ', code.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 90 ? line : line[..90] + "…";
    }
}
