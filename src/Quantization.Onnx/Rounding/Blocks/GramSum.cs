namespace Quantization.Onnx;

/// <summary>
/// Adds up x · xᵀ. Rows are added in order, in segments of a fixed length, regardless of the number of threads.
/// </summary>
internal sealed unsafe class GramSum
{
    /// <summary>The rows that are added at once.</summary>
    private const int Run = 256;

    private readonly int _inputs;
    private readonly int _padded;
    private readonly float[] _sums;
    private readonly float[] _waiting;
    private int _rows;
    private long _count;

    /// <param name="inputs">The length of x.</param>
    public GramSum(int inputs)
    {
        _inputs = inputs;
        _padded = Panels.RoundUp(inputs);
        _sums = new float[(long)_padded * _padded];
        _waiting = new float[(long)Run * inputs];
    }

    /// <summary>The length of x.</summary>
    public int Inputs => _inputs;

    /// <summary>The bytes that sums over inputs of a length take.</summary>
    public static long BytesOf(long inputs) => (inputs * inputs + 3L * Run * inputs) * sizeof(float);

    /// <summary>Adds rows of values, each an x.</summary>
    public void Add(ReadOnlySpan<float> rows)
    {
        while (rows.Length > 0)
        {
            int taken = Math.Min(Run - _rows, rows.Length / _inputs) * _inputs;
            rows[..taken].CopyTo(_waiting.AsSpan(_rows * _inputs));
            rows = rows[taken..];
            _rows += taken / _inputs;
            if (_rows == Run)
            {
                Flush();
            }
        }
    }

    /// <summary>The sums of all rows. Nothing can be added afterwards: the matrix takes the memory over where it has no padding.</summary>
    public GramMatrix Finish()
    {
        Flush();
        GramMatrix gram = new(_inputs, _padded == _inputs ? _sums : new float[(long)_inputs * _inputs]) { Count = _count };
        for (int i = 0; i < _inputs; i++)
        {
            // Tiles left of the diagonal were left out.
            for (int j = i; j < _inputs; j++)
            {
                gram.Sums[(long)i * _inputs + j] = gram.Sums[(long)j * _inputs + i] = _sums[(long)i * _padded + j];
            }
        }

        return gram;
    }

    private void Flush()
    {
        if (_rows == 0)
        {
            return;
        }

        float[] narrow = new float[(long)_rows * _padded], wide = new float[(long)_rows * _padded];
        Panels.Pack(_waiting, _inputs, _rows, _inputs, TileKernel.Rows, narrow);
        Panels.Pack(_waiting, _inputs, _rows, _inputs, TileKernel.Columns, wide);
        int depth = _rows;
        Parallel.For(0, _padded / TileKernel.Columns, strip =>
        {
            fixed (float* a = narrow, b = wide, sums = _sums)
            {
                // A strip of columns, from the top to the diagonal.
                for (int row = 0; row < Math.Min(
                    (strip + 1) * TileKernel.Columns, (_inputs
                    + TileKernel.Rows - 1) / TileKernel.Rows * TileKernel.Rows); row += TileKernel.Rows)
                {
                    TileKernel.Add(
                        a + (long)row * depth, b + (long)strip * TileKernel.Columns * depth, TileKernel.Columns, depth,
                        sums + (long)row * _padded + strip * TileKernel.Columns, _padded);
                }
            }
        });
        _count += _rows;
        _rows = 0;
    }
}
