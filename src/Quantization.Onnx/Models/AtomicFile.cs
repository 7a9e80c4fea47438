namespace Quantization.Onnx;

/// <summary>
/// A file that appears whole or not at all: written beside its final place, then moved there in one step. Until <see cref="Commit"/> an existing file of that name
/// stays as it was; without it nothing is left behind.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly FileStream _stream;
    private bool _committed;

    private AtomicFile(string path, string temporaryPath, FileStream stream)
    {
        _path = path;
        _temporaryPath = temporaryPath;
        _stream = stream;
    }

    /// <summary>Opens a file for writing, and so finds out early whether the folder can be written to. A missing folder is made.</summary>
    /// <exception cref="IOException">The folder cannot be written to, or the path is a folder.</exception>
    public static AtomicFile Create(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: cannot write here, this is a folder; name a file in it.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string temporaryPath = Path.Combine(folder, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        return Guard(path, () =>
        {
            Directory.CreateDirectory(folder);
            return new AtomicFile(path, temporaryPath, new FileStream(temporaryPath, FileMode.CreateNew, FileAccess.Write));
        });
    }

    /// <summary>Writes the content and puts the file in its place.</summary>
    /// <exception cref="IOException">The disk is full, or the file cannot be replaced.</exception>
    public void Commit(Action<Stream> write) => Guard(_path, () =>
    {
        write(_stream);
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_temporaryPath, _path, overwrite: true);
        return _committed = true;
    });

    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        finally
        {
            if (!_committed)
            {
                File.Delete(_temporaryPath);
            }
        }
    }

    private static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: cannot write this file; make room or choose a folder that can be written to ({e.Message})", e);
        }
    }
}
