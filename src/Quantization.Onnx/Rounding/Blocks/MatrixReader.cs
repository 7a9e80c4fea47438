using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Reads rows of a stored matrix as 32-bit floats. The rest of a matrix that lies in a file stays there. Safe to use from several threads.
/// </summary>
internal sealed class MatrixReader
{
    private readonly TensorProto _tensor;
    private readonly float[]? _listed;

    /// <param name="tensor">A matrix of floats of 32 or 16 bits.</param>
    /// <param name="isTransposed">Whether its rows are the outputs; otherwise they are the inputs.</param>
    public MatrixReader(TensorProto tensor, bool isTransposed)
    {
        _tensor = tensor;
        IsTransposed = isTransposed;
        Columns = (int)tensor.Dims[1];
        Rows = (int)tensor.Dims[0];
        if (tensor.RawData.Length == 0)
        {
            TensorProto floats = tensor.Clone();
            if (floats.IsHalfFloat())
            {
                floats.Widen();
            }

            _listed = floats.ReadFloats();
        }
    }

    /// <summary>What weights are multiplied by; null for nothing.</summary>
    public WeightFactors? Factors { get; init; }

    /// <summary>Whether the rows are the outputs.</summary>
    public bool IsTransposed { get; }

    /// <summary>The stored rows.</summary>
    public int Rows { get; }

    /// <summary>The stored columns.</summary>
    public int Columns { get; }

    /// <summary>The weights of each output.</summary>
    public int Inputs => IsTransposed ? Columns : Rows;

    /// <summary>The outputs.</summary>
    public int Outputs => IsTransposed ? Rows : Columns;

    /// <summary>Reads rows.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="destination">Gets them, one behind another.</param>
    public void Read(int first, int count, Span<float> destination)
    {
        long start = (long)first * Columns;
        Span<float> values = destination[..(count * Columns)];
        if (_listed is not null)
        {
            _listed.AsSpan((int)start, values.Length).CopyTo(values);
        }
        else if (_tensor.IsFloat())
        {
            TensorBytes.Read(_tensor.RawData, start * sizeof(float), MemoryMarshal.AsBytes(values));
        }
        else
        {
            ushort[] bits = new ushort[values.Length];
            TensorBytes.Read(_tensor.RawData, start * sizeof(ushort), MemoryMarshal.AsBytes(bits.AsSpan()));
            Widen(bits, values);
        }

        if (Factors is not null)
        {
            Multiply(first, values, IsTransposed ? Factors.Outputs : Factors.Inputs, IsTransposed ? Factors.Inputs : Factors.Outputs);
        }
    }

    /// <summary>Passes the bytes of the stored matrix on, without its factors and without loading it as a whole.</summary>
    public void ForEachBlock(Action<ReadOnlySpan<byte>> use)
    {
        if (_listed is null)
        {
            TensorBytes.ForEachBlock(_tensor.RawData, use);
        }
        else
        {
            use(MemoryMarshal.AsBytes(_listed.AsSpan()));
        }
    }

    /// <summary>The whole matrix with a row for each input.</summary>
    public float[] ReadByInput()
    {
        float[] stored = new float[(long)Rows * Columns];
        Read(0, Rows, stored);
        if (!IsTransposed)
        {
            return stored;
        }

        float[] values = new float[stored.Length];
        for (int output = 0; output < Outputs; output++)
        {
            for (int input = 0; input < Inputs; input++)
            {
                values[(long)input * Outputs + output] = stored[(long)output * Inputs + input];
            }
        }

        return values;
    }

    private void Multiply(int first, Span<float> values, float[]? ofRows, float[]? ofColumns)
    {
        for (int row = 0; row < values.Length / Columns; row++)
        {
            Span<float> weights = values.Slice(row * Columns, Columns);
            if (ofRows is not null)
            {
                TensorPrimitives.Multiply(weights, ofRows[first + row], weights);
            }

            if (ofColumns is not null)
            {
                TensorPrimitives.Multiply(weights, ofColumns, weights);
            }
        }
    }

    private void Widen(ReadOnlySpan<ushort> bits, Span<float> values)
    {
        if (_tensor.DataType == (int)TensorProto.Types.DataType.Float16)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<ushort, Half>(bits), values);
            return;
        }

        for (int i = 0; i < bits.Length; i++)
        {
            values[i] = BitConverter.UInt32BitsToSingle((uint)bits[i] << 16);
        }
    }
}
