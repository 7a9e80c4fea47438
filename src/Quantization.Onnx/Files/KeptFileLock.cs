using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>Lets one run at a time go on from a file that runs keep. The lock ends with the process, however that ends.</summary>
internal sealed class KeptFileLock : IDisposable
{
    private const string Extension = ".lock";

    /// <summary>A run that was just killed may need a moment to be gone.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _stream;

    private KeptFileLock(FileStream stream) => _stream = stream;

    /// <summary>Takes the lock of a file, which need not exist.</summary>
    /// <exception cref="IOException">Another run has it, or the folder cannot be written to.</exception>
    public static KeptFileLock Take(string path)
    {
        OutputPath.ThrowUnlessFile(path);
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
                return new KeptFileLock(new FileStream(path + Extension, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose));
            }
            catch (UnauthorizedAccessException e)
            {
                throw new IOException($"{path}: cannot write this file; choose a folder that can be written to ({e.Message})", e);
            }
            catch (IOException e) when (File.Exists(path + Extension))
            {
                if (Stopwatch.GetElapsedTime(start) > LongestWait)
                {
                    throw new IOException($"{path}: another run keeps its work in this file; wait until it is done, or name another file.", e);
                }

                Thread.Sleep(BetweenTries);
            }
            catch (IOException e)
            {
                throw new IOException($"{path}: cannot write this file; make room or choose a folder that can be written to ({e.Message})", e);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _stream.Dispose();
}
