namespace Quantization.Onnx;

/// <summary>A folder as storage, on a disk or a network drive that a client and all workers mount, at the same path or at others.</summary>
public sealed class WorkFolder : IWorkStorage
{
    private readonly string _root;

    /// <summary>Takes a folder, which has to exist: one that is missing is more likely a drive that is not mounted.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public WorkFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Name = path;
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (!Directory.Exists(_root))
        {
            throw Missing();
        }
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public string? FindName(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string relative = Path.GetRelativePath(_root, Path.GetFullPath(path));
        return Path.IsPathRooted(relative) || relative.Split(Path.DirectorySeparatorChar)[0] is ".." or "." ? null
            : relative.Replace(Path.DirectorySeparatorChar, '/');
    }

    /// <inheritdoc />
    public bool Exists(string name)
    {
        bool exists = File.Exists(PathOf(name));
        return exists || Directory.Exists(_root) ? exists : throw Missing();
    }

    /// <inheritdoc />
    public string GetPath(string name) => Exists(name) ? PathOf(name)
        : throw new FileNotFoundException(
            $"{PathOf(name)}: this file is missing from the storage; mount the same storage on all machines.", PathOf(name));

    /// <inheritdoc />
    public void Write(string name, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        if (!Directory.Exists(_root))
        {
            throw Missing(); // a folder in its place would be another storage
        }

        // There are many files, so none waits for the disk: readers compare hashes, and notice what a power cut took.
        string path = PathOf(name), unfinished = $"{path}.{Guid.NewGuid():N}.new";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            using (FileStream file = new(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                write(file);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"{path}: cannot write this file of the storage; make room or choose a folder that can be written to ({e.Message})", e);
        }
        finally
        {
            if (File.Exists(unfinished))
            {
                File.Delete(unfinished);
            }
        }
    }

    /// <inheritdoc />
    public void Delete(string name)
    {
        if (Exists(name))
        {
            File.Delete(PathOf(name));
        }
    }

    private string PathOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string path = Path.GetFullPath(Path.Combine(_root, name));
        return path.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? path
            : throw new IOException($"{name}: this name leads out of the storage {Name}; only files in it are read.");
    }

    private DirectoryNotFoundException Missing() =>
        new($"{Name}: the storage folder is missing; mount or make it on this machine, and name the same folder to all workers.");
}
