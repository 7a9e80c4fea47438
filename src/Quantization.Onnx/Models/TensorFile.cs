using Microsoft.Win32.SafeHandles;

namespace Quantization.Onnx;

/// <summary>
/// A file that bytes of tensors are read from when they are asked for. It stays open as long as one of its tensors is in use, so it may
/// be deleted or replaced by a rename meanwhile. What was written into it since is
/// found out before each read and refused: the bytes would not be those that the model was checked with. Safe to use from several threads.
/// </summary>
/// <remarks>
/// Reads copy, on purpose. Memory that maps the file would end the process where somebody shortens the file, and a span over it does
/// not keep the mapping alive.
/// </remarks>
internal sealed class TensorFile
{
    /// <summary>The bytes that are read at once where a tensor is only passed on.</summary>
    private const int BlockSize = 1 << 20;

    private readonly string _modelPath;
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly DateTime _written;

    private TensorFile(string modelPath, string path, SafeFileHandle handle)
    {
        _modelPath = modelPath;
        _path = path;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
        _written = File.GetLastWriteTimeUtc(handle);
    }

    /// <summary>The bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a regular file. Others may rename, delete or change it, but may not open it for themselves alone.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="path">The file: the model's own or one beside it.</param>
    /// <exception cref="IOException">The file cannot be opened, or it is no regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read.</exception>
    public static TensorFile Open(string modelPath, string path)
    {
        RegularFile.ThrowUnlessRegular(path);
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return new TensorFile(modelPath, path, handle);
    }

    /// <summary>Reads bytes that lie within <see cref="Length"/>.</summary>
    /// <exception cref="OnnxModelException">The file changed since it was opened, or it cannot be read.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        try
        {
            if (RandomAccess.GetLength(_handle) == Length && File.GetLastWriteTimeUtc(_handle) == _written && TryRead(offset, destination))
            {
                return;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string problem = $"{_path} cannot be read: {e.Message.TrimEnd('.')}; leave the file in reach until the run has ended.";
            throw new OnnxModelException(_modelPath, problem, innerException: e);
        }

        throw new OnnxModelException(
            _modelPath, $"{_path} changed while the model was in use; leave the file as it is until the run has ended.");
    }

    /// <summary>Reads bytes block by block, so that few are in memory at once.</summary>
    /// <exception cref="OnnxModelException">The file changed since it was opened, or it cannot be read.</exception>
    public void Read(long offset, long length, Action<ReadOnlySpan<byte>> use)
    {
        byte[] block = new byte[(int)Math.Min(length, BlockSize)];
        for (long end = offset + length; offset < end; offset += block.Length)
        {
            Span<byte> part = block.AsSpan(0, (int)Math.Min(block.Length, end - offset));
            Read(offset, part);
            use(part);
        }
    }

    private bool TryRead(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(_handle, destination, offset);
            if (read == 0)
            {
                return false;
            }

            offset += read;
            destination = destination[read..];
        }

        return true;
    }
}
