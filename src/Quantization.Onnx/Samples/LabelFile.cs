using System.Globalization;

namespace Quantization.Onnx;

/// <summary>The classes of samples, as a text file tells them: lines <c>file name,class index</c>, classes counted from 0.</summary>
/// <remarks>
/// UTF-8, one sample a line, without a header line; empty lines are passed over. The last comma separates, so that names may hold commas; a name may stand in double quotes.
/// A line has 65,536 characters at most, and a file 256 MiB.
/// </remarks>
public sealed class LabelFile
{
    private const int LongestLine = 1 << 16;
    private const int LargestFile = 1 << 28;

    private readonly Dictionary<string, (int Label, int Line)> _labels = [];

    private LabelFile(string path) => Path = path;

    /// <summary>Where the labels come from.</summary>
    public string Path { get; }

    /// <summary>The number of labels.</summary>
    public int Count => _labels.Count;

    /// <summary>The names of the labelled samples.</summary>
    public IReadOnlyCollection<string> Names => _labels.Keys;

    /// <summary>Reads a label file.</summary>
    /// <exception cref="InvalidDataException">
    /// A line has no comma, no name or no class index, or is too long, or a name stands there twice; the message names the file and the
    /// line.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read or is no regular file.</exception>
    public static LabelFile Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        RegularFile.ThrowUnlessRegular(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such label file.", path);
        }

        LabelFile file = new(path);
        int number = 0;
        using StreamReader reader = new(OpenRead(path));
        BoundedLines lines = new(reader, LongestLine);
        while (lines.Read(out bool isTooLong) is { } line)
        {
            number++;
            if (isTooLong)
            {
                throw file.Error(number, string.Create(CultureInfo.InvariantCulture, $"the line is longer than {LongestLine} characters; "
                    + $"write one 'file name,class index' a line"));
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                file.Add(line, number);
            }
        }

        return file.Count > 0 ? file : throw new InvalidDataException($"{path}: the file has no label; write lines 'file name,class index'.");
    }

    /// <summary>The class of a sample, or null where the file does not tell one.</summary>
    /// <param name="name">The name of the sample's file, without its folder.</param>
    public int? Find(string name) => _labels.TryGetValue(name, out (int Label, int Line) found) ? found.Label : null;

    /// <summary>Where a label stands, as messages show it.</summary>
    internal string Locate(string name) => FormattableString.Invariant($"{Path}, line {_labels[name].Line}");

    /// <summary>Refuses labels of samples that are not there.</summary>
    internal void ThrowUnlessAmong(IEnumerable<string> samples, string folder)
    {
        HashSet<string> names = [.. samples];
        foreach (string name in Names)
        {
            if (!names.Contains(name))
            {
                throw new InvalidDataException($"{Locate(name)}: '{VisibleText.Short(name)}' is no sample of {folder}; remove the line or add "
                    + "the file.");
            }
        }
    }

    private static FileStream OpenRead(string path)
    {
        FileStream stream = RegularFile.OpenRead(path);
        if (stream.Length > LargestFile)
        {
            stream.Dispose();
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{path}: the label file is larger than "
                + $"{LargestFile} bytes; give one line 'file name,class index' a sample and nothing else."));
        }

        return stream;
    }

    private void Add(string line, int number)
    {
        int comma = line.LastIndexOf(',');
        string name = comma < 0 ? "" : Unquote(line[..comma].Trim());
        if (name.Length == 0)
        {
            throw Error(number, $"'{VisibleText.Short(line)}' does not read 'file name,class index'");
        }

        if (!int.TryParse(line.AsSpan(comma + 1), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int label))
        {
            throw Error(number, $"'{VisibleText.Short(line[(comma + 1)..].Trim())}' is no class index; write a whole number from 0");
        }

        if (!_labels.TryAdd(name, (label, number)))
        {
            throw Error(number, $"'{VisibleText.Short(name)}' already has a label in line "
                + $"{_labels[name].Line.ToString(CultureInfo.InvariantCulture)}; keep one of them");
        }
    }

    private InvalidDataException Error(int line, string message) => new(FormattableString.Invariant($"{Path}, line {line}: {message}."));

    private static string Unquote(string name) =>
        name is ['"', .. string inner, '"'] ? inner.Replace("\"\"", "\"", StringComparison.Ordinal) : name;
}
