using System.Buffers;
using System.Numerics.Tensors;

namespace Quantization.Kernels;

/// <summary>
/// A tensor to read as consecutive elements: itself where it is row-major, otherwise a rented copy that <see cref="Dispose"/> gives back.
/// </summary>
internal readonly ref struct DenseSource<T>
    where T : unmanaged
{
    private readonly T[]? _rented;

    public DenseSource(in ReadOnlyTensorSpan<T> source)
    {
        Elements = source;
        if (!RowMajor.IsContiguous(source.Lengths, source.Strides))
        {
            _rented = ArrayPool<T>.Shared.Rent(checked((int)source.FlattenedLength));
            source.FlattenTo(_rented);
            Elements = _rented;
        }
    }

    public ReadOnlyTensorSpan<T> Elements { get; }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<T>.Shared.Return(_rented);
        }
    }
}
