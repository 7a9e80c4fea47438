using System.IO.MemoryMappedFiles;

namespace Quantization.Extensions.AI.Storage;

/// <summary>
/// A file as memory. Pages are read when they are accessed. What is written stays in this process (copy on write); the file keeps its
/// bytes.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _start;

    /// <exception cref="IOException">The file cannot be mapped.</exception>
    public MappedFile(FileStream file)
    {
        Length = file.Length;
        _file = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.CopyOnWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.CopyOnWrite);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    /// <summary>A view that nobody disposed must not outlive its owner.</summary>
    ~MappedFile() => Release();

    public long Length { get; }

    public byte* Start => _start + _view.PointerOffset;

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_start is not null)
        {
            _start = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }
}
