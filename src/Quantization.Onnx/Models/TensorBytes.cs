using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace Quantization.Onnx;

/// <summary>
/// The bytes of one tensor, which stay in their file until somebody looks at them. Then they are in managed memory for as long as a
/// span refers to them, and on until the next collection in case
/// somebody looks again. Safe to use from several threads.
/// </summary>
internal sealed unsafe class TensorBytes : MemoryManager<byte>
{
    /// <summary>Smaller tensors are not worth a read of their own: they are in memory from the start.</summary>
    public const int Smallest = 1 << 16;

    private readonly TensorFile _file;
    private readonly long _offset;
    private readonly int _length;
    private readonly Lock _gate = new();
    private readonly WeakReference<byte[]?> _bytes = new(null);

    private TensorBytes(TensorFile file, long offset, int length)
    {
        _file = file;
        _offset = offset;
        _length = length;
    }

    /// <summary>Bytes of a file as protobuf messages hold them. Clones of the message share them.</summary>
    public static ByteString Of(TensorFile file, long offset, int length) =>
        UnsafeByteOperations.UnsafeWrap(new TensorBytes(file, offset, length).CreateMemory(length));

    /// <summary>Whether bytes lie in a file, and have not been looked at or are garbage already; for tests.</summary>
    public static bool AreInFile(ByteString bytes) => TryFind(bytes, out TensorBytes? found) && !found._bytes.TryGetTarget(out _);

    /// <summary>Passes bytes on in their order, wherever they are stored, without loading them as a whole.</summary>
    /// <exception cref="OnnxModelException">Their file changed, or it cannot be read.</exception>
    public static void ForEachBlock(ByteString bytes, Action<ReadOnlySpan<byte>> use)
    {
        if (TryFind(bytes, out TensorBytes? found))
        {
            found._file.Read(found._offset, found._length, use);
        }
        else
        {
            use(bytes.Span);
        }
    }

    /// <summary>Reads a part of bytes, wherever they are stored, without loading the rest.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="offset">Where the part begins in them.</param>
    /// <param name="destination">Gets the part.</param>
    /// <exception cref="OnnxModelException">Their file changed, or it cannot be read.</exception>
    public static void Read(ByteString bytes, long offset, Span<byte> destination)
    {
        if (TryFind(bytes, out TensorBytes? found))
        {
            found._file.Read(found._offset + offset, destination);
        }
        else
        {
            bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
        }
    }

    /// <inheritdoc />
    public override Span<byte> GetSpan() => Load();

    /// <inheritdoc />
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        GCHandle handle = GCHandle.Alloc(Load(), GCHandleType.Pinned);
        return new MemoryHandle((byte*)handle.AddrOfPinnedObject() + elementIndex, handle);
    }

    /// <summary>Does nothing: the handle that <see cref="Pin"/> gives frees itself.</summary>
    public override void Unpin()
    {
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
    }

    private static bool TryFind(ByteString bytes, [NotNullWhen(true)] out TensorBytes? found) =>
        MemoryMarshal.TryGetMemoryManager(bytes.Memory, out found, out int _, out int length) && length == found._length;

    private byte[] Load()
    {
        lock (_gate)
        {
            if (!_bytes.TryGetTarget(out byte[]? bytes))
            {
                bytes = GC.AllocateUninitializedArray<byte>(_length);
                _file.Read(_offset, bytes);
                _bytes.SetTarget(bytes);
            }

            return bytes;
        }
    }
}
