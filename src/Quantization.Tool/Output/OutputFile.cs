namespace Quantization.Tool;

/// <summary>
/// A file to be written beside its final place, and moved there only when everything that belongs to the run has succeeded. Until then an existing file stays as it is; without
/// it neither a file nor a new folder is left behind.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string[] _newFolders;
    private bool _isCommitted;

    private OutputFile(string path, string temporaryPath, string[] newFolders)
    {
        Path = path;
        TemporaryPath = temporaryPath;
        _newFolders = newFolders;
    }

    /// <summary>The final place.</summary>
    public string Path { get; }

    /// <summary>The place to write to.</summary>
    public string TemporaryPath { get; }

    /// <summary>Finds out whether the folder can be written to, before any work is done for nothing; a missing one is made.</summary>
    /// <exception cref="IOException">It cannot, or the path is a folder.</exception>
    public static OutputFile Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: this is a folder; name the file to write in it.");
        }

        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        string temporaryPath = System.IO.Path.Combine(folder, $".{System.IO.Path.GetFileName(path)}.{System.IO.Path.GetRandomFileName()}");
        OutputFile file = new(path, temporaryPath, [.. MissingFolders(folder)]);
        try
        {
            Directory.CreateDirectory(folder);
            File.Create(temporaryPath).Dispose();
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw file.CannotWrite(exception);
        }
    }

    /// <summary>Does the work that writes to <see cref="TemporaryPath"/>; messages name the final place instead.</summary>
    public T Write<T>(Func<string, T> write)
    {
        try
        {
            return write(TemporaryPath);
        }
        catch (IOException exception) when (exception.Message.Contains(TemporaryPath, StringComparison.Ordinal))
        {
            throw new IOException(exception.Message.Replace(TemporaryPath, Path, StringComparison.Ordinal), exception);
        }
    }

    /// <summary>Puts the file in its place.</summary>
    /// <exception cref="IOException">The file that is there cannot be replaced.</exception>
    public void Commit()
    {
        try
        {
            File.Move(TemporaryPath, Path, overwrite: true);
            _isCommitted = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(exception);
        }
    }

    public void Dispose()
    {
        if (_isCommitted)
        {
            return;
        }

        // A folder that was not made holds no file, and a path through a file no folder: Delete throws only for what exists and cannot go.
        if (File.Exists(TemporaryPath))
        {
            File.Delete(TemporaryPath);
        }

        foreach (string folder in _newFolders)
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
    }

    /// <summary>The folders that do not exist yet, the innermost first.</summary>
    private static IEnumerable<string> MissingFolders(string folder)
    {
        for (string? each = folder; each is not null && !Directory.Exists(each); each = System.IO.Path.GetDirectoryName(each))
        {
            yield return each;
        }
    }

    private IOException CannotWrite(Exception exception) => new(
        $"{Path}: cannot write this file ({exception.Message.Replace(TemporaryPath, Path, StringComparison.Ordinal)}); make room or choose a folder that can be written to.", exception);
}
