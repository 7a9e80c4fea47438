using System.Runtime.InteropServices;

namespace Quantization.Onnx;

/// <summary>
/// The bytes of a file, for as long as it takes to read a message from them. Many lie outside of the managed heap, which would keep an array as large as a model until its next full collection. Few do not:
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
        FileContent content = new(checked((int)stream.Length));
        try
        {
            stream.ReadExactly(content.Span);
            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(_many);
        _many = null;
    }
}
