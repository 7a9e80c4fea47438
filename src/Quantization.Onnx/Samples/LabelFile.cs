using System.Globalization;

namespace Quantization.Onnx;

/// <summary>
/// The classes of samples, as a text file tells them: lines <c>file name,class index</c>, classes counted from 0, or
/// <c>file name,class name</c>.
/// </summary>
/// <remarks>
/// UTF-8, one sample per line; empty lines are passed over, and so is a header line. The last comma separates, so that names may hold
/// commas; a name may stand in double quotes. Folders in names are separated by '/' or '\'. Classes that have names get the indices of a
/// list of classes, where one is given, else indices in the ordinal order of the names; see <see cref="ClassNames"/>.
/// A line has 65,536 characters at most, and a file 256 MiB.
/// </remarks>
public sealed class LabelFile
{
    private const int LongestLine = 1 << 16;
    private const int LargestFile = 1 << 28;

    private readonly Dictionary<string, (int Label, int Line)> _labels = [];

    private readonly List<(string Name, string Class, int Line)> _named = [];
    private (string Name, string Class, int Line)? _header;

    private readonly ClassList? _classes;

    private LabelFile(string path, ClassList? classes) => (Path, _classes) = (path, classes);

    /// <summary>
    /// The names of the classes by their indices, where the file names classes; those of the list of classes, where one was given. Empty
    /// where the file has indices.
    /// </summary>
    public IReadOnlyList<string> ClassNames { get; private set; } = [];

    /// <summary>The file that lists the classes in the model's order; null for none.</summary>
    public string? ClassesPath => _classes?.Path;

    /// <summary>Where the labels come from.</summary>
    public string Path { get; }

    /// <summary>The number of labels.</summary>
    public int Count => _labels.Count;

    /// <summary>The names of the labelled samples.</summary>
    public IReadOnlyCollection<string> Names => _labels.Keys;

    /// <summary>Reads a label file whose classes are indices, or names that are counted in their ordinal order.</summary>
    /// <inheritdoc cref="Read(string, string)"/>
    public static LabelFile Read(string path) => Read(path, null);

    /// <summary>Reads a label file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classesPath">
    /// A UTF-8 file with the names of all classes in the model's order, one per line; null for none.
    /// </param>
    /// <exception cref="InvalidDataException">
    /// A line has no comma, no name or no class index, or is too long, or a name stands there twice, or a class is not in the list; the
    /// message names the file and the line.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read or is no regular file.</exception>
    public static LabelFile Read(string path, string? classesPath)
    {
        ArgumentNullException.ThrowIfNull(path);
        RegularFile.ThrowUnlessRegular(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such label file.", path);
        }

        LabelFile file = new(path, classesPath is null ? null : ClassList.Read(classesPath));
        int number = 0;
        using StreamReader reader = new(OpenRead(path));
        BoundedLines lines = new(reader, LongestLine);
        while (lines.Read(out bool isTooLong) is { } line)
        {
            number++;
            if (isTooLong)
            {
                throw file.Error(number, string.Create(CultureInfo.InvariantCulture, $"the line is longer than {LongestLine} characters; "
                    + $"write one 'file name,class index' per line"));
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                file.Add(line, number);
            }
        }

        file.ResolveNames();
        file.ThrowUnlessListed();
        return file.Count > 0
            ? file
            : throw new InvalidDataException($"{path}: the file has no label; write lines 'file name,class index'.");
    }

    /// <summary>The class of a sample, or null where the file does not tell one.</summary>
    /// <param name="name">The name of the sample's file, without its folder.</param>
    public int? Find(string name) => Look(name)?.Label;

    /// <summary>Where a label stands, as messages show it.</summary>
    internal string Locate(string name) => FormattableString.Invariant($"{Path}, line {Look(name)!.Value.Line}");

    /// <summary>Refuses labels of samples that are not there.</summary>
    internal void ThrowUnlessAmong(IEnumerable<string> samples, string folder)
    {
        HashSet<string> names = [.. samples];
        if (_header is var (first, text, line) && names.Contains(first))
        {
            throw NoIndex(line, text); // no header after all
        }

        foreach (string name in Names)
        {
            if (!names.Contains(name) && !names.Contains(name.Replace('\\', '/')))
            {
                throw new InvalidDataException(
                    $"{Locate(name)}: '{VisibleText.Short(name)}' is no sample of {folder}; remove the line or add "
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
                + $"{LargestFile} bytes; give one line 'file name,class index' per sample and nothing else."));
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

        if (!int.TryParse(
            line.AsSpan(comma + 1),
            NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out int label))
        {
            _named.Add((name, Unquote(line[(comma + 1)..].Trim()), number));
            return;
        }

        Add(name, label, number);
    }

    /// <summary>
    /// Makes indices of names, where every line names a class; a first line without an index is a header where others have one.
    /// </summary>
    /// <exception cref="InvalidDataException">Some lines have indices and others do not.</exception>
    private void ResolveNames()
    {
        if (_named.Count == 0)
        {
            return;
        }

        (string name, string text, int line) = _named[0];
        bool isFirst = _labels.Values.All(label => label.Line > line);
        bool canBeHeader = isFirst && System.IO.Path.GetExtension(name).Length == 0;
        if (canBeHeader
            && _named.Count + _labels.Count > 1
            && (_named.Count == 1 || _named.Skip(1).All(each => System.IO.Path.GetExtension(each.Name).Length > 0)))
        {
            _header = _named[0];
            _named.RemoveAt(0);
        }

        if (_named.Count == 0)
        {
            return;
        }

        if (_labels.Count > 0 || (_named.Count == 1 && _classes is null) || _named.Any(IsNoName))
        {
            (_, text, line) = _named.FirstOrDefault(IsNoName, _named[0]);
            throw NoIndex(line, text);
        }

        ClassNames = _classes?.Names ?? [.. _named.Select(each => each.Class).Distinct().Order(StringComparer.Ordinal)];
        Dictionary<string, int> indices = ClassNames.Index().ToDictionary(each => each.Item, each => each.Index);
        foreach ((string sample, string label, int number) in _named)
        {
            if (!indices.TryGetValue(label, out int index))
            {
                throw Error(number, $"'{VisibleText.Short(label)}' is no class of {ClassesPath}; add it there, or correct the name");
            }

            Add(sample, index, number);
        }
    }

    /// <summary>Refuses an index that the list of classes does not have.</summary>
    private void ThrowUnlessListed()
    {
        if (_classes is not null
            && _labels.Values.FirstOrDefault(each => each.Label < 0 || each.Label >= _classes.Names.Count) is { Line: > 0 } wrong)
        {
            throw Error(wrong.Line, string.Create(
                CultureInfo.InvariantCulture,
                $"class index {wrong.Label} is not among the {_classes.Names.Count} classes of {ClassesPath}; correct one of the files"));
        }
    }

    /// <summary>Whether a class is no name: nothing, or a number that is no index.</summary>
    private static bool IsNoName((string Name, string Class, int Line) each) =>
        each.Class.Length == 0 || double.TryParse(each.Class, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    /// <summary>The label of a sample: file systems of other machines separate folders by backslashes.</summary>
    private (int Label, int Line)? Look(string name) =>
        _labels.TryGetValue(name, out (int Label, int Line) found) || _labels.TryGetValue(name.Replace('/', '\\'), out found)
            ? found
            : null;

    private InvalidDataException NoIndex(int line, string text) =>
        Error(line, $"'{VisibleText.Short(text)}' is no class index; write a whole number from 0");

    private void Add(string name, int label, int number)
    {
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
