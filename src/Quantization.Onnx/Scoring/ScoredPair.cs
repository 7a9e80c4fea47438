using System.Globalization;

namespace Quantization.Onnx;

/// <summary>How alike two samples are, as people or another model said.</summary>
/// <param name="First">The name of one sample's file, without its folder.</param>
/// <param name="Second">The name of the other's.</param>
/// <param name="Score">How alike they are; a larger score means more alike. The scale does not matter.</param>
public sealed record ScoredPair(string First, string Second, double Score)
{
    private const int LongestLine = 1 << 16;

    /// <summary>Reads a file of lines <c>file name,file name,score</c>, in UTF-8 and without a header line; names hold no comma.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// A line does not read so, or there is none; the message names the file and the line.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read or is no regular file.</exception>
    public static IReadOnlyList<ScoredPair> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        RegularFile.ThrowUnlessRegular(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such file of scores.", path);
        }

        List<ScoredPair> pairs = [];
        using StreamReader reader = new(RegularFile.OpenRead(path));
        BoundedLines lines = new(reader, LongestLine);
        for (int number = 1; lines.Read(out bool isTooLong) is { } line; number++)
        {
            if (isTooLong || !string.IsNullOrWhiteSpace(line))
            {
                pairs.Add((isTooLong ? null : Parse(line)) ?? throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{path}, line {number}: '{VisibleText.Short(line)}' does not read 'file name,file name,score'; "
                        + $"write two samples and a number.")));
            }
        }

        return pairs.Count > 0
            ? pairs
            : throw new InvalidDataException($"{path}: the file has no pair; write lines 'file name,file name,score'.");
    }

    private static ScoredPair? Parse(string line) =>
        line.Split(',') is [{ } first, { } second, { } score] && first.Trim().Length > 0 && second.Trim().Length > 0
        && double.TryParse(score, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? new ScoredPair(first.Trim(), second.Trim(), value)
            : null;
}
