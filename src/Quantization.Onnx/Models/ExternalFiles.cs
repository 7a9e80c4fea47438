using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds the files that a model keeps tensors in, and refuses those that are not the model's. Nothing is read from them here.
/// </summary>
/// <param name="modelPath">The model's file.</param>
internal sealed class ExternalFiles(string modelPath)
{
    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;
    private readonly Dictionary<string, (string Path, long Length)> _found = [];
    private readonly Dictionary<FileIdentity, string> _names = [];

    /// <summary>The model's file.</summary>
    public string ModelPath => modelPath;

    /// <summary>Checks a tensor's place against its file, and against its shape and type.</summary>
    /// <exception cref="OnnxModelException">The file is missing or outside of the model's folder, or the place makes no sense.</exception>
    public ExternalRegion Locate(TensorProto tensor)
    {
        (string path, long fileLength) = Find(tensor);
        long offset = GetNumber(tensor, "offset") ?? 0;
        Int128? needed = ElementBits.BytesOf(tensor);
        Int128 length = GetNumber(tensor, "length") ?? needed ?? Math.Max(0, fileLength - offset);
        if (offset > fileLength || length > fileLength - offset)
        {
            throw Refuse(tensor, string.Create(CultureInfo.InvariantCulture, $"should be {length} bytes from {offset} on in {path}, which "
                + $"has only {fileLength}; the file is truncated, download it again"));
        }

        if (needed is not null && length != needed)
        {
            throw Refuse(tensor, string.Create(
                CultureInfo.InvariantCulture,
                $"holds more or fewer values than its shape [{string.Join(", ", tensor.Dims)}] says; its {length} bytes in {path} should "
                    + $"be {needed}: the file is damaged, export the model again"));
        }

        return length <= Array.MaxLength
            ? new ExternalRegion(tensor, path, offset, (long)length)
            : throw Refuse(tensor, string.Create(CultureInfo.InvariantCulture, $"has {length} bytes, and {Array.MaxLength} is the most "
                + $"that one tensor can have here; split it"));
    }

    /// <summary>An error that names the tensor.</summary>
    public OnnxModelException Refuse(TensorProto tensor, string problem, Exception? cause = null) =>
        new(modelPath, $"tensor '{VisibleText.Short(tensor.Name)}' {problem}.", innerException: cause);

    private (string Path, long Length) Find(TensorProto tensor)
    {
        string location = tensor.ExternalData.FirstOrDefault(entry => entry.Key == "location")?.Value ?? "";
        if (location.Length == 0)
        {
            throw Refuse(tensor, "is said to lie in another file, but not in which; export the model again");
        }

        if (!_found.TryGetValue(location, out (string Path, long Length) file))
        {
            _found[location] = file = Find(tensor, location);
        }

        return file;
    }

    private (string Path, long Length) Find(TensorProto tensor, string location)
    {
        if (location.Any(char.IsControl))
        {
            throw Refuse(
                tensor, $"is said to lie in '{VisibleText.Short(location)}', a name with control characters; name the file without "
                    + "them and export the model again");
        }

        try
        {
            string path = GetPath(tensor, location);
            FileKind kind = RegularFile.KindOf(path);
            if (kind is not (FileKind.Regular or FileKind.Missing))
            {
                throw Refuse(
                    tensor, $"is said to lie in '{VisibleText.Short(location)}', which is {RegularFile.Describe(kind)}, and data is "
                        + "read only from regular files; put the file with the data there");
            }

            using FileStream stream = RegularFile.OpenRead(path);
            return (FirstNameOf(path), stream.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Refuse(tensor, $"cannot be read: {e.Message.TrimEnd('.')}; put the file beside the model", e);
        }
    }

    /// <summary>
    /// The tensor's file. A model that names a file elsewhere could leak files of whoever quantizes it.
    /// </summary>
    private string GetPath(TensorProto tensor, string location)
    {
        string path = Path.GetFullPath(Path.Combine(_folder, location));
        if (Path.IsPathRooted(location) || !IsInside(_folder, path) || !IsInside(RealPath.Of(_folder), RealPath.Of(path)))
        {
            throw Refuse(
                tensor, $"is said to lie in '{VisibleText.Short(location)}', outside of the model's folder, which is not allowed; put "
                    + "the file beside the model and name it so");
        }

        return path;
    }

    /// <summary>The name by which the file was met first, so that links to one file count as that file.</summary>
    private string FirstNameOf(string path)
    {
        if (FileIdentity.Of(path) is not { } identity)
        {
            return path;
        }

        _names.TryAdd(identity, path);
        return _names[identity];
    }

    private long? GetNumber(TensorProto tensor, string key)
    {
        string? text = tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;
        return text is null ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
            : throw Refuse(
                tensor, $"has '{VisibleText.Short(text)}' as the {key} of its bytes in another file, which is no number of bytes; "
                    + "export the model again");
    }

    private static bool IsInside(string folder, string path) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
