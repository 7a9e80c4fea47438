using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>
/// A file to be written in a folder beside its final place, and moved there only when everything that belongs to the run has succeeded,
/// with the files that were written beside it: a large model's data. Until then an existing file stays as it is; without it neither a file
/// nor a new folder is left behind.
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
    public string TemporaryPath => _temporaryFolder[System.IO.Path.GetFileName(Path)];

    /// <summary>
    /// Finds out whether the folder can be written to, before any work is done for nothing; a missing one is made, and what killed runs
    /// left there of the same output is removed.
    /// </summary>
    /// <exception cref="IOException">It cannot, or the path is a folder, a pipe or a device.</exception>
    public static OutputFile Open(string path)
    {
        OutputPath.ThrowUnlessFile(path);
        string[] newFolders = [.. MissingFolders(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!)];
        OutputFile? file = null;
        try
        {
            TemporaryNames.Add(path);
            file = new OutputFile(path, OwnedFolder.CreateBeside(path), newFolders);
            WorkerLink.Current?.Note(WorkerLink.Folder, file._temporaryFolder.FullName);
            File.Create(file.TemporaryPath).Dispose();
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            RemoveEmpty(newFolders);
            throw CannotWrite(path, exception);
        }
    }

    /// <summary>Does the work that writes to <see cref="TemporaryPath"/>.</summary>
    public T Write<T>(Func<string, T> write) => write(TemporaryPath);

    /// <summary>Writes what another file holds.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public void CopyFrom(string path)
    {
        try
        {
            File.Copy(path, TemporaryPath, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(Path, exception);
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
                beside.MoveTo(
                    System.IO.Path.Combine(System.IO.Path.GetDirectoryName(_temporaryFolder.FullName)!, beside.Name), overwrite: true);
            }

            File.Move(TemporaryPath, Path, overwrite: true);
            _isCommitted = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(Path, exception);
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

    private static IOException CannotWrite(string path, Exception exception) =>
        new($"{path}: cannot write this file ({TemporaryNames.Restore(exception.Message)}); make room or choose a "
            + "folder that can be written to.", exception);
}
