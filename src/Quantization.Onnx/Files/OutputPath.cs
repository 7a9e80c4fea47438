namespace Quantization.Onnx;

/// <summary>Rules for the paths of files to write.</summary>
internal static class OutputPath
{
    private static readonly StringComparison Comparison =
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>
    /// Refuses what a file cannot be put in the place of: folders, named pipes, sockets and devices. Links too: a file is put in its place
    /// by a rename, which would replace the link, <c>/dev/stdout</c> for one.
    /// </summary>
    /// <exception cref="IOException">The path names one of these.</exception>
    public static void ThrowUnlessFile(string path)
    {
        FileKind kind = Directory.Exists(path) ? FileKind.Folder : RegularFile.KindOf(path);
        if (kind == FileKind.Folder)
        {
            throw new IOException($"{path}: cannot write here, this is a folder; name a file in it.");
        }

        if (kind is FileKind.Missing or FileKind.Regular && new FileInfo(path).LinkTarget is { } target)
        {
            throw new IOException($"{path}: cannot write here, this is a link to {target}; name the file itself.");
        }

        if (kind is not (FileKind.Missing or FileKind.Regular))
        {
            throw new IOException($"{path}: cannot write here, this is {RegularFile.Describe(kind)}, not a file; name a file.");
        }
    }

    /// <summary>
    /// Whether two paths name the same file, regardless of links and spellings; also where the file is yet to be written.
    /// </summary>
    public static bool IsSame(string first, string second)
    {
        if (string.Equals(Path.GetFullPath(first), Path.GetFullPath(second), Comparison))
        {
            return true;
        }

        (FileIdentity? identity, string rest) = Locate(first);
        (FileIdentity? otherIdentity, string otherRest) = Locate(second);
        return identity is not null && identity == otherIdentity && string.Equals(rest, otherRest, Comparison);
    }

    /// <summary>
    /// The identity of what a path names, or of the nearest folder above that exists, and the rest of the path from there.
    /// </summary>
    private static (FileIdentity? Identity, string Remainder) Locate(string path)
    {
        string full = Path.GetFullPath(path);
        string rest = "";
        for (string? each = full; each is not null; each = Path.GetDirectoryName(each))
        {
            if (FileIdentity.Of(each) is { } identity)
            {
                return (identity, rest);
            }

            rest = Path.Combine(Path.GetFileName(each), rest);
        }

        return (null, full);
    }
}
