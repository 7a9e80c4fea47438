namespace Quantization.Onnx;

/// <summary>
/// A file that appears whole or not at all: written in a folder beside its final place, then moved there in one step. Until
/// <see cref="Commit"/> an existing file of that name stays as it was; without it nothing is left behind.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private readonly string _path;
    private readonly OwnedFolder _folder;
    private readonly FileStream _stream;

    private AtomicFile(string path, OwnedFolder folder, FileStream stream)
    {
        _path = path;
        _folder = folder;
        _stream = stream;
    }

    /// <summary>Opens a file for writing, and so finds out early whether the folder can be written to. A missing folder is made.</summary>
    /// <exception cref="IOException">The folder cannot be written to, or the path is a folder, a pipe or a device.</exception>
    public static AtomicFile Create(string path)
    {
        OutputPath.ThrowUnlessFile(path);
        return Guard(path, () =>
        {
            OwnedFolder folder = OwnedFolder.CreateBeside(path);
            try
            {
                return new AtomicFile(path, folder, new FileStream(folder[Path.GetFileName(path)], FileMode.CreateNew, FileAccess.Write));
            }
            catch
            {
                folder.Dispose();
                throw;
            }
        });
    }

    /// <summary>Writes the content and puts the file in its place.</summary>
    /// <exception cref="IOException">The disk is full, or the file cannot be replaced.</exception>
    public void Commit(Action<Stream> write) => Guard(_path, () =>
    {
        write(_stream);
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_stream.Name, _path, overwrite: true);
        return true;
    });

    /// <inheritdoc />
    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // On a full disk, what could not be written fails again. The file is thrown away, and Commit has told what is wrong.
        }
        finally
        {
            _folder.Dispose();
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
