using System.Runtime.InteropServices;

namespace Quantization.Onnx;

/// <summary>
/// Bytes of a file, for as long as it takes to read a message from them. Many lie outside of the managed heap, which would keep an
/// array as large as a model until its next full collection. Few do not:
/// freeing a block of some megabytes moves glibc to keep later ones of that size, ONNX Runtime's, instead of giving them back.
/// </summary>
internal sealed unsafe class FileContent : IDisposable
{
    private readonly byte[]? _few;
    private readonly int _length;
    private void* _many;

    private FileContent(int length)
    {
        _length = length;
        if (length > ModelStore.LargestInMemory)
        {
            _many = NativeMemory.Alloc((nuint)length);
        }
        else
        {
            _few = new byte[length];
        }
    }

    /// <summary>The bytes, until they are disposed of.</summary>
    public ReadOnlySpan<byte> Bytes => Span;

    private Span<byte> Span => _few ?? new Span<byte>(_many, _length);

    /// <summary>Reads a regular file of at most 2 GB.</summary>
    /// <exception cref="EndOfStreamException">The file became shorter meanwhile.</exception>
    /// <exception cref="IOException">The file cannot be read, or it is no regular file.</exception>
    public static FileContent Read(string path)
    {
        using FileStream stream = RegularFile.OpenRead(path, bufferSize: 0);
        return Read(checked((int)stream.Length), stream.ReadExactly);
    }

    /// <summary>Reads a part of a file.</summary>
    /// <exception cref="OnnxModelException">The file changed since it was opened, or it cannot be read.</exception>
    public static FileContent Read(TensorFile file, long offset, int length) => Read(length, destination => file.Read(offset, destination));

    public void Dispose()
    {
        NativeMemory.Free(_many);
        _many = null;
    }

    private static FileContent Read(int length, Action<Span<byte>> fill)
    {
        FileContent content = new(length);
        try
        {
            fill(content.Span);
            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }
}
