namespace Quantization.Tool;

/// <summary>
/// A file to be written in a folder beside its final place, and moved there only when everything that belongs to the run has succeeded, with the files that were written beside it: a large model's data. Until
/// then an existing file stays as it is; without it neither a file nor a new folder is left behind.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string[] _newFolders;
    private readonly OwnedFolder _temporaryFolder;
    private bool _isCommitted;

    private OutputFile(string path, OwnedFolder temporaryFolder, string[] newFolders)
    {
        Path = path;
        _temporaryFolder = temporaryFolder;
        _newFolders = newFolders;
    }

    /// <summary>The final place.</summary>
    public string Path { get; }

    /// <summary>The place to write to. The name is the final one, since a model names the file of its data after itself.</summary>
    public string TemporaryPath => System.IO.Path.Combine(_temporaryFolder.Path, System.IO.Path.GetFileName(Path));

    /// <summary>Finds out whether the folder can be written to, before any work is done for nothing; a missing one is made, and what killed runs left there of the same output is removed.</summary>
    /// <exception cref="IOException">It cannot, or the path is a folder.</exception>
    public static OutputFile Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: this is a folder; name the file to write in it.");
        }

        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        string name = System.IO.Path.GetFileName(path);
        string temporaryFolder = OwnedFolder.NewPath(folder, name);
        string[] newFolders = [.. MissingFolders(folder)];
        OutputFile? file = null;
        try
        {
            OwnedFolder.RemoveAbandoned(folder, name);
            file = new OutputFile(path, OwnedFolder.Create(temporaryFolder), newFolders);
            File.Create(file.TemporaryPath).Dispose();
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            RemoveEmpty(newFolders);
            throw CannotWrite(path, temporaryFolder, exception);
        }
    }

    /// <summary>Does the work that writes to <see cref="TemporaryPath"/>; messages name the final place instead.</summary>
    public T Write<T>(Func<string, T> write)
    {
        try
        {
            return write(TemporaryPath);
        }
        catch (IOException exception) when (exception.Message.Contains(_temporaryFolder.Path, StringComparison.Ordinal))
        {
            throw new IOException(WithFinalPaths(exception.Message, _temporaryFolder.Path), exception);
        }
    }

    /// <summary>Puts the file in its place, after what it refers to.</summary>
    /// <exception cref="IOException">The file that is there cannot be replaced.</exception>
    public void Commit()
    {
        try
        {
            foreach (FileInfo beside in _temporaryFolder.Files.Where(file => file.FullName != TemporaryPath))
            {
                beside.MoveTo(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(_temporaryFolder.Path)!, beside.Name), overwrite: true);
            }

            File.Move(TemporaryPath, Path, overwrite: true);
            _isCommitted = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(Path, _temporaryFolder.Path, exception);
        }
    }

    public void Dispose()
    {
        _temporaryFolder.Dispose();
        if (!_isCommitted)
        {
            RemoveEmpty(_newFolders);
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

    private static void RemoveEmpty(string[] folders)
    {
        foreach (string folder in folders)
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
    }

    private static IOException CannotWrite(string path, string temporaryFolder, Exception exception) => new(
        $"{path}: cannot write this file ({WithFinalPaths(exception.Message, temporaryFolder)}); make room or choose a folder that can be written to.", exception);

    /// <summary>A message that names the final places instead of the temporary ones.</summary>
    private static string WithFinalPaths(string message, string temporaryFolder) =>
        message.Replace(temporaryFolder, System.IO.Path.GetDirectoryName(temporaryFolder), StringComparison.Ordinal);
}
