using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>
/// Lets one run at a time go on from a file that runs keep: a hidden file beside it, <c>.NAME.quantize-lock</c>, that is locked as long as
/// the run lives. The lock ends with the process, however that ends. What stands there and is no such file is left alone.
/// </summary>
internal sealed class KeptFileLock : IDisposable
{
    private const string Mark = "quantize lock\n";

    /// <summary>A run that was just killed may need a moment to be gone.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    private readonly string _path;
    private readonly FileStream _stream;

    private KeptFileLock(string path, FileStream stream)
    {
        _path = path;
        _stream = stream;
    }

    /// <summary>The lock file of a file.</summary>
    public static string PathOf(string path) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.quantize-lock");

    /// <summary>Takes the lock of a file, which need not exist.</summary>
    /// <exception cref="IOException">
    /// Another run has it, something else stands in its place, or the folder cannot be written to.
    /// </exception>
    public static KeptFileLock Take(string path)
    {
        OutputPath.ThrowUnlessFile(path);
        string lockPath = PathOf(path);
        OutputPath.ThrowUnlessFile(lockPath);
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(lockPath)!);
                FileStream stream = new(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
                return IsOwn(stream) ? new KeptFileLock(lockPath, stream) : throw new InvalidDataException(
                    $"{lockPath}: this file is no lock of a run; move it away, or name another file than {path}.");
            }
            catch (UnauthorizedAccessException e)
            {
                throw new IOException($"{path}: cannot write this file; choose a folder that can be written to ({e.Message})", e);
            }
            catch (IOException e) when (File.Exists(lockPath))
            {
                if (Stopwatch.GetElapsedTime(start) > LongestWait)
                {
                    throw new IOException(
                        $"{path}: another run keeps its work in this file; wait until it is done, or name another file.", e);
                }

                Thread.Sleep(BetweenTries);
            }
            catch (IOException e)
            {
                throw new IOException(
                    $"{path}: cannot write this file; make room or choose a folder that can be written to ({e.Message})", e);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        File.Delete(_path);
        _stream.Dispose();
    }

    /// <summary>Whether the file is new, or one that a run made; a new one is marked.</summary>
    private static bool IsOwn(FileStream stream)
    {
        byte[] mark = System.Text.Encoding.ASCII.GetBytes(Mark);
        if (stream.Length == 0)
        {
            stream.Write(mark);
            stream.Flush();
            return true;
        }

        byte[] found = new byte[mark.Length];
        if (stream.Length == mark.Length
            && stream.ReadAtLeast(found, found.Length, throwOnEndOfStream: false) == mark.Length
            && found.AsSpan().SequenceEqual(mark))
        {
            return true;
        }

        stream.Dispose();
        return false;
    }
}
