using System.Globalization;

namespace Quantization.Onnx;

/// <summary>The names of a model's classes, in the model's order, as a text file lists them: one per line.</summary>
internal sealed class ClassList
{
    private const int LongestLine = 1 << 16;
    private const int LargestFile = 1 << 24;

    private ClassList(string path, IReadOnlyList<string> names) => (Path, Names) = (path, names);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The names by their indices.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads a list. White space around names does not count, and empty lines at the end are passed over.</summary>
    /// <exception cref="InvalidDataException">A line is empty or too long, a name stands there twice, or the file is too large.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read or is no regular file.</exception>
    public static ClassList Read(string path)
    {
        RegularFile.ThrowUnlessRegular(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such list of classes.", path);
        }

        using FileStream stream = RegularFile.OpenRead(path);
        if (stream.Length > LargestFile)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: the list of classes is larger than {LargestFile} bytes; write one name per line and nothing else."));
        }

        using StreamReader reader = new(stream);
        BoundedLines lines = new(reader, LongestLine);
        Dictionary<string, int> known = [];
        int number = 0, empty = 0;
        while (lines.Read(out bool isTooLong) is { } line)
        {
            number++;
            string name = line.Trim();
            if (isTooLong)
            {
                throw Error(path, number, string.Create(
                    CultureInfo.InvariantCulture, $"the line is longer than {LongestLine} characters; write one name per line"));
            }

            if (name.Length == 0)
            {
                empty = empty == 0 ? number : empty;
                continue;
            }

            if (empty > 0)
            {
                throw Error(path, empty, "the line is empty, but every line stands for a class; write the name of the class");
            }

            if (!known.TryAdd(name, number))
            {
                throw Error(path, number, string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{VisibleText.Short(name)}' is the name of the class in line {known[name]} too; give each class a name of its own"));
            }
        }

        return known.Count > 0
            ? new ClassList(path, [.. known.OrderBy(each => each.Value).Select(each => each.Key)])
            : throw new InvalidDataException($"{path}: the list of classes is empty; write one name per line.");
    }

    private static InvalidDataException Error(string path, int line, string message) =>
        new(FormattableString.Invariant($"{path}, line {line}: {message}."));
}
