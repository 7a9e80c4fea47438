using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>Which positions of a batch are real and which are padding.</summary>
internal sealed class PaddingMask
{
    private readonly bool[] _isReal;
    private readonly bool[] _hasReal;

    private PaddingMask(bool[] isReal, int batch, int sequence)
    {
        _isReal = isReal;
        Batch = batch;
        Sequence = sequence;
        Masked = isReal.Count(real => !real);
        _hasReal = [.. Enumerable.Range(0, batch).Select(row => RowAt(row).Contains(true))];
        RowsAreEqual = Enumerable.Range(1, Math.Max(0, batch - 1)).All(row => RowAt(row).SequenceEqual(RowAt(0)));
    }

    /// <summary>The number of samples of the batch.</summary>
    public int Batch { get; }

    /// <summary>The number of positions of each.</summary>
    public int Sequence { get; }

    /// <summary>How many positions are padding.</summary>
    public long Masked { get; }

    /// <summary>Whether the same positions of all samples are padding.</summary>
    public bool RowsAreEqual { get; }

    /// <summary>Reads a mask.</summary>
    /// <param name="value">The input.</param>
    /// <returns>Null where the input has not two axes, or holds anything but the integers 0 and 1.</returns>
    public static PaddingMask? Read(OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        return info.Shape is not [> 0 and <= int.MaxValue and var batch, > 0 and <= int.MaxValue and var sequence]
            ? null
            : info.ElementDataType switch
            {
                TensorElementType.Int64 => Make(
                    value.GetTensorDataAsSpan<long>(), (int)batch, (int)sequence, each => each switch { 0 => false, 1 => true, _ => null }),
                TensorElementType.Int32 => Make(
                    value.GetTensorDataAsSpan<int>(), (int)batch, (int)sequence, each => each switch { 0 => false, 1 => true, _ => null }),
                TensorElementType.Bool => Make(value.GetTensorDataAsSpan<bool>(), (int)batch, (int)sequence, each => each),
                _ => null,
            };
    }

    /// <summary>Whether a position is real.</summary>
    public bool IsReal(long row, long position) => _isReal[row * Sequence + position];

    /// <summary>Whether a sample has a position that is real.</summary>
    public bool HasReal(long row) => _hasReal[row];

    private static PaddingMask? Make<T>(ReadOnlySpan<T> values, int batch, int sequence, Func<T, bool?> read)
    {
        bool[] isReal = new bool[values.Length];
        for (int i = 0; i < isReal.Length; i++)
        {
            if (read(values[i]) is not { } real)
            {
                return null;
            }

            isReal[i] = real;
        }

        return new PaddingMask(isReal, batch, sequence);
    }

    private ArraySegment<bool> RowAt(int row) => new(_isReal, row * Sequence, Sequence);
}
