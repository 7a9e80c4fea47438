namespace Quantization.Tool;

/// <summary>
/// A file to be written in a folder beside its final place, and moved there only when everything that belongs to the run has succeeded, with the files that were written beside it: a large model's data. Until
/// then an existing file stays as it is; without it neither a file nor a new folder is left behind.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string[] _newFolders;
    private readonly DirectoryInfo _temporaryFolder;
    private bool _isCommitted;

    private OutputFile(string path, DirectoryInfo temporaryFolder, string[] newFolders)
    {
        Path = path;
        _temporaryFolder = temporaryFolder;
        _newFolders = newFolders;
    }

    /// <summary>The final place.</summary>
    public string Path { get; }

    /// <summary>The place to write to. The name is the final one, since a model names the file of its data after itself.</summary>
    public string TemporaryPath => System.IO.Path.Combine(_temporaryFolder.FullName, System.IO.Path.GetFileName(Path));

    /// <summary>Finds out whether the folder can be written to, before any work is done for nothing; a missing one is made.</summary>
    /// <exception cref="IOException">It cannot, or the path is a folder.</exception>
    public static OutputFile Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: this is a folder; name the file to write in it.");
        }

        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        DirectoryInfo temporaryFolder = new(System.IO.Path.Combine(folder, $".{System.IO.Path.GetFileName(path)}.{System.IO.Path.GetRandomFileName()}"));
        OutputFile file = new(path, temporaryFolder, [.. MissingFolders(folder)]);
        try
        {
            temporaryFolder.Create();
            File.Create(file.TemporaryPath).Dispose();
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
        catch (IOException exception) when (exception.Message.Contains(_temporaryFolder.FullName, StringComparison.Ordinal))
        {
            throw new IOException(WithFinalPaths(exception.Message), exception);
        }
    }

    /// <summary>Puts the file in its place, after what it refers to.</summary>
    /// <exception cref="IOException">The file that is there cannot be replaced.</exception>
    public void Commit()
    {
        try
        {
            foreach (FileInfo beside in _temporaryFolder.EnumerateFiles().Where(file => file.FullName != TemporaryPath))
            {
                beside.MoveTo(System.IO.Path.Combine(_temporaryFolder.Parent!.FullName, beside.Name), overwrite: true);
            }

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
        // A folder that was not made cannot be deleted, nor one at the end of a path through a file.
        if (Directory.Exists(_temporaryFolder.FullName))
        {
            _temporaryFolder.Delete(recursive: true);
        }

        if (_isCommitted)
        {
            return;
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
        $"{Path}: cannot write this file ({WithFinalPaths(exception.Message)}); make room or choose a folder that can be written to.", exception);

    private string WithFinalPaths(string message) => message
        .Replace(TemporaryPath, Path, StringComparison.Ordinal)
        .Replace(_temporaryFolder.FullName, _temporaryFolder.Parent!.FullName, StringComparison.Ordinal);
}
