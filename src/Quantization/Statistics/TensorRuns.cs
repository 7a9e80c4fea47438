using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// Walks a tensor of any strides in row-major order as contiguous runs: the whole tensor where it is dense, rows where the last axis is,
/// and otherwise pieces gathered into a buffer.
/// </summary>
internal ref struct TensorRuns
{
    public const int LongestRun = 1 << 30;

    private readonly ReadOnlyTensorSpan<float> _tensor;
    private readonly Span<float> _buffer;
    private readonly nint _rowLength;
    private readonly nint _rowStride;
    private readonly int _outerRank;
    private nint _position;
    private int _currentLength;

    public TensorRuns(in ReadOnlyTensorSpan<float> tensor, Span<float> buffer)
    {
        _tensor = tensor;
        _buffer = buffer;
        if (RowMajor.IsContiguous(tensor.Lengths, tensor.Strides))
        {
            (_rowLength, _rowStride, _outerRank) = (tensor.FlattenedLength, 1, 0);
        }
        else
        {
            (_rowLength, _rowStride, _outerRank) = (tensor.Lengths[^1], tensor.Strides[^1], tensor.Rank - 1);
        }
    }

    /// <summary>The row-major position of the first value of <see cref="Current"/>.</summary>
    public readonly long Offset => _position - _currentLength;

    public ReadOnlySpan<float> Current { get; private set; }

    public bool MoveNext()
    {
        if (_position == _tensor.FlattenedLength)
        {
            return false;
        }

        nint row = _position / _rowLength;
        nint column = _position - row * _rowLength;
        nint start = RowStart(row) + column * _rowStride;
        ref readonly float first = ref Unsafe.Add(ref Unsafe.AsRef(in _tensor.GetPinnableReference()), start);
        nint left = _rowLength - column;
        if (_rowStride == 1 || left == 1)
        {
            _currentLength = (int)nint.Min(left, LongestRun);
            Current = MemoryMarshal.CreateReadOnlySpan(in first, _currentLength);
        }
        else
        {
            _currentLength = (int)nint.Min(left, _buffer.Length);
            for (int i = 0; i < _currentLength; i++)
            {
                _buffer[i] = Unsafe.Add(ref Unsafe.AsRef(in first), i * _rowStride);
            }

            Current = _buffer[.._currentLength];
        }

        _position += _currentLength;
        return true;
    }

    private readonly nint RowStart(nint row)
    {
        nint start = 0;
        for (int axis = _outerRank - 1; axis >= 0; axis--)
        {
            nint length = _tensor.Lengths[axis];
            start += row % length * _tensor.Strides[axis];
            row /= length;
        }

        return start;
    }
}
