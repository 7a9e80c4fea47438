using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>What samples show of the columns of a value that weights multiply: some of its rows, and how far each column reaches.</summary>
/// <param name="count">The number of columns.</param>
/// <param name="keptRows">How many rows of each sample are kept.</param>
internal sealed class InputColumns(int count, int keptRows)
{
    private readonly List<float[]> _rows = [];
    private readonly List<SampleColumns> _samples = [];
    private readonly double[] _squares = new double[count];
    private long _length;

    /// <summary>The number of columns.</summary>
    public int Count => count;

    /// <summary>Some rows, evenly spread over each sample.</summary>
    public IReadOnlyList<float[]> Rows => _rows;

    /// <summary>How far the columns reach in each sample.</summary>
    public IReadOnlyList<SampleColumns> Samples => _samples;

    /// <summary>The mean square of each column.</summary>
    public double[] MeanSquares() => [.. _squares.Select(square => square / Math.Max(1, _length))];

    /// <summary>Takes in the values of one sample, row by row.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        int rows = values.Length / count, kept = Math.Min(keptRows, rows);
        float[] least = new float[count], most = new float[count];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> columns = values.Slice(row * count, count);
            TensorPrimitives.Min(least, columns, least);
            TensorPrimitives.Max(most, columns, most);
            for (int i = 0; i < count; i++)
            {
                _squares[i] += (double)columns[i] * columns[i];
            }
        }

        for (int i = 0; i < kept; i++)
        {
            _rows.Add(values.Slice((int)((long)i * rows / kept) * count, count).ToArray());
        }

        _length += rows;
        _samples.Add(new SampleColumns(least, most, rows));
    }
}
