namespace Quantization.Onnx;

/// <summary>Opens files for reading and refuses what has no end: a pipe would block, a device may go on for ever.</summary>
internal static class RegularFile
{
    /// <summary>What a path names, links followed.</summary>
    public static FileKind KindOf(string path) => FileStatus.Read(path)?.Kind ?? FileKind.Missing;

    /// <summary>Opens a regular file, or a link to one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bufferSize">The size of the stream's buffer; 0 for none.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">
    /// The path names something else than a regular file, or the file cannot be read. The message begins with the path.
    /// </exception>
    public static FileStream OpenRead(string path, int bufferSize = 4096)
    {
        ThrowUnlessRegular(path);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"{path}: there is no such file.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: the file cannot be read ({e.Message.TrimEnd('.')}).", e);
        }
    }

    /// <summary>Whether a file begins with these bytes; false where there is none.</summary>
    public static bool BeginsWith(string path, ReadOnlySpan<byte> magic)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using FileStream stream = OpenRead(path);
        byte[] start = new byte[magic.Length];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && magic.SequenceEqual(start);
    }

    /// <summary>Refuses what exists and is no regular file.</summary>
    /// <exception cref="IOException">The path names something else than a regular file.</exception>
    public static void ThrowUnlessRegular(string path)
    {
        FileKind kind = KindOf(path);
        if (kind is not (FileKind.Missing or FileKind.Regular))
        {
            throw new IOException($"{path}: {Describe(kind)} is no file to read from; copy the content into a regular file and name that.");
        }
    }

    /// <summary>A kind as messages call it.</summary>
    public static string Describe(FileKind kind) => kind switch
    {
        FileKind.Folder => "a folder",
        FileKind.Pipe => "a named pipe",
        FileKind.Socket => "a socket",
        FileKind.Device => "a device",
        FileKind.Regular => "a regular file",
        _ => "a missing file",
    };
}
