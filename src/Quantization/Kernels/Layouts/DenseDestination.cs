using System.Buffers;
using System.Numerics.Tensors;

namespace Quantization.Kernels;

/// <summary>
/// A tensor to write as consecutive elements: itself where it is row-major, otherwise rented memory that <see cref="Complete"/> copies into
/// it.
/// </summary>
internal readonly ref struct DenseDestination<T>
    where T : unmanaged
{
    private readonly T[]? _rented;
    private readonly TensorSpan<T> _destination;

    public DenseDestination(in TensorSpan<T> destination)
    {
        _destination = destination;
        Elements = destination;
        if (!RowMajor.IsContiguous(destination.Lengths, destination.Strides))
        {
            _rented = ArrayPool<T>.Shared.Rent(checked((int)destination.FlattenedLength));
            Elements = _rented;
        }
    }

    public TensorSpan<T> Elements { get; }

    /// <summary>Copies what was written into the tensor, where it was not written there at once.</summary>
    public void Complete()
    {
        if (_rented is not null)
        {
            new ReadOnlyTensorSpan<T>(_rented.AsSpan(0, (int)_destination.FlattenedLength), _destination.Lengths).CopyTo(_destination);
        }
    }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<T>.Shared.Return(_rented);
        }
    }
}
