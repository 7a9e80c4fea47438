using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Some outputs of a matrix of weights, with what decides the steps of their codes.</summary>
internal sealed class SmoothingMatrix
{
    /// <summary>The outputs that are used; those of a large matrix are similar.</summary>
    private const int MaxOutputs = 256;

    private readonly float[] _values;
    private readonly int _outputs;
    private readonly int _largestCode;
    private readonly bool _isPerChannel;

    /// <param name="reader">The matrix.</param>
    /// <param name="encoding">How it becomes codes.</param>
    public SmoothingMatrix(MatrixReader reader, TensorEncoding encoding)
    {
        _values = reader.ReadByInput();
        _outputs = Math.Min(MaxOutputs, reader.Outputs);
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

    /// <summary>How many outputs each of the used ones stands for.</summary>
    public double Weight { get; }

    /// <summary>The weights of an input column.</summary>
    public ReadOnlySpan<float> Row(int column) => _values.AsSpan(column * _outputs, _outputs);

    /// <summary>How far the weights of each output reach where columns are multiplied by factors.</summary>
    public float[] Reach(float[] factors)
    {
        float[] reach = new float[_outputs], row = new float[_outputs];
        for (int i = 0; i < factors.Length; i++)
        {
            TensorPrimitives.Multiply(Row(i), factors[i], row);
            TensorPrimitives.MaxMagnitude<float>(row, reach, reach);
        }

        TensorPrimitives.Abs(reach, reach);
        return reach;
    }

    /// <summary>How far they reach after one factor changes.</summary>
    /// <param name="reach">How far they reached before.</param>
    /// <param name="factors">The factors before.</param>
    /// <param name="column">The column whose factor changes.</param>
    /// <param name="factor">The factor after.</param>
    public float[] Reach(float[] reach, float[] factors, int column, float factor)
    {
        float[] changed = new float[_outputs];
        ReadOnlySpan<float> row = Row(column);
        for (int output = 0; output < _outputs; output++)
        {
            float magnitude = MathF.Abs(row[output]);
            bool isLargest = factor < factors[column] && magnitude * factors[column] >= reach[output];
            changed[output] = MathF.Max(isLargest ? ReachWithout(output, column, factors) : reach[output], magnitude * factor);
        }

        return changed;
    }

    /// <summary>The sum over the outputs of the squared steps of their codes.</summary>
    /// <param name="reach">How far the weights of each output reach.</param>
    public double SquaredSteps(float[] reach)
    {
        double largest = TensorPrimitives.Max<float>(reach);
        double squares = _isPerChannel ? TensorPrimitives.SumOfSquares<float>(reach) : largest * largest * _outputs;
        return Weight * squares / ((double)_largestCode * _largestCode);
    }

    private float ReachWithout(int output, int column, float[] factors)
    {
        float reach = 0;
        for (int i = 0; i < factors.Length; i++)
        {
            reach = i == column ? reach : MathF.Max(reach, MathF.Abs(_values[i * _outputs + output] * factors[i]));
        }

        return reach;
    }
}
