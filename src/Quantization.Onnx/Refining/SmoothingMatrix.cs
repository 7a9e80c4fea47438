using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Some outputs of a matrix of weights, with what decides the steps of their codes.</summary>
internal sealed class SmoothingMatrix
{
    /// <summary>The outputs that are looked at; those of a large matrix are much alike.</summary>
    private const int MostOutputs = 256;

    private readonly float[] _values;
    private readonly int _outputs;
    private readonly int _largestCode;
    private readonly bool _isPerChannel;

    /// <param name="reader">The matrix.</param>
    /// <param name="encoding">How it becomes codes.</param>
    public SmoothingMatrix(MatrixReader reader, TensorEncoding encoding)
    {
        _values = reader.ReadByInput();
        _outputs = Math.Min(MostOutputs, reader.Outputs);
        _largestCode = encoding.Format.MaxCode;
        _isPerChannel = encoding.Granularity == GranularityKind.PerChannel;
        Weight = (double)reader.Outputs / _outputs;
        if (_outputs < reader.Outputs)
        {
            float[] part = new float[reader.Inputs * _outputs];
            for (int i = 0; i < part.Length; i++)
            {
                part[i] = _values[(long)(i / _outputs) * reader.Outputs + (long)(i % _outputs) * reader.Outputs / _outputs];
            }

            _values = part;
        }
    }

    /// <summary>How many outputs each of those stands for that are looked at.</summary>
    public double Weight { get; }

    /// <summary>The weights of an input column.</summary>
    public ReadOnlySpan<float> Row(int column) => _values.AsSpan(column * _outputs, _outputs);

    /// <summary>The sum over the outputs of the squared steps of their codes, where columns are multiplied by factors.</summary>
    public double SquaredSteps(float[] factors)
    {
        float[] reach = new float[_outputs], row = new float[_outputs];
        for (int i = 0; i < factors.Length; i++)
        {
            TensorPrimitives.Multiply(Row(i), factors[i], row);
            TensorPrimitives.MaxMagnitude<float>(row, reach, reach);
        }

        double largest = Math.Abs(TensorPrimitives.MaxMagnitude<float>(reach));
        double squares = _isPerChannel ? TensorPrimitives.SumOfSquares<float>(reach) : largest * largest * _outputs;
        return Weight * squares / ((double)_largestCode * _largestCode);
    }
}
