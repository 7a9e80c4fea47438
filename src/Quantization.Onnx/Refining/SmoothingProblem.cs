using System.Numerics;
using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// Estimates the noise in what weights make of a scaled input, from its columns and the weights alone. Rounding the input to steps of d
/// brings each column the noise d² / 12, which the squares of its weights multiply; clipping brings what is cut off. Rounding the weights
/// of an output to steps of e brings each of them the noise e² / 12, which the squares of the inputs multiply.
/// </summary>
internal sealed class SmoothingProblem
{
    private const double InputSteps = 255;

    /// <summary>How much of a fixed range may be left after clipping: the calibrator will choose the best.</summary>
    private static readonly float[] Clippings = [1, 0.9f, 0.8f, 0.7f, 0.6f, 0.5f, 0.4f, 0.3f, 0.2f];

    private readonly SampleColumns _ends;
    private readonly double[] _powers;
    private readonly float[] _gains;

    /// <param name="input">What samples show of the input.</param>
    /// <param name="matrices">The weights that multiply it.</param>
    /// <param name="isDynamic">Whether each run finds the range of its input; it is never clipped then.</param>
    public SmoothingProblem(InputColumns input, IEnumerable<SmoothingMatrix> matrices, bool isDynamic)
    {
        Input = input;
        Matrices = [.. matrices];
        IsDynamic = isDynamic;
        _powers = input.MeanSquares();
        _gains = new float[input.Count];
        float[] least = new float[input.Count], most = new float[input.Count], weights = new float[input.Count];
        foreach (SampleColumns sample in input.Samples)
        {
            TensorPrimitives.Min(least, sample.Least, least);
            TensorPrimitives.Max(most, sample.Most, most);
        }

        foreach (SmoothingMatrix matrix in Matrices)
        {
            for (int i = 0; i < input.Count; i++)
            {
                _gains[i] += (float)(matrix.Weight * TensorPrimitives.SumOfSquares(matrix.Row(i)));
                weights[i] = MathF.Max(weights[i], MathF.Abs(TensorPrimitives.MaxMagnitude(matrix.Row(i))));
            }
        }

        _ends = new SampleColumns(least, most, 1);
        InputReach = Logarithms([.. least.Zip(most, (from, to) => (double)MathF.Max(-from, to))]);
        WeightReach = Logarithms([.. weights.Select(weight => (double)weight)]);
        Balance = [.. Logarithms(_powers).Zip(Logarithms([.. _gains.Select(gain => (double)gain)]), (power, gain) => (power - gain) / 4)];
    }

    /// <summary>What samples show of the input.</summary>
    public InputColumns Input { get; }

    /// <summary>The weights that multiply it.</summary>
    public IReadOnlyList<SmoothingMatrix> Matrices { get; }

    /// <summary>Whether each run finds the range of its input.</summary>
    public bool IsDynamic { get; }

    /// <summary>The mean square of each column.</summary>
    public IReadOnlyList<double> Powers => _powers;

    /// <summary>The sum of squares of each column's weights.</summary>
    public IReadOnlyList<float> Gains => _gains;

    /// <summary>The logarithm to base 2 of each column's largest magnitude.</summary>
    public double[] InputReach { get; }

    /// <summary>The same of its weights.</summary>
    public double[] WeightReach { get; }

    /// <summary>The logarithms of the factors with the least noise where steps stay as they are.</summary>
    public double[] Balance { get; }

    /// <summary>The noise where columns are divided by factors and their weights multiplied by them.</summary>
    public double NoiseOf(float[] factors)
    {
        double gain = 0, power = 0;
        for (int i = 0; i < factors.Length; i++)
        {
            double square = (double)factors[i] * factors[i];
            gain += square * _gains[i];
            power += _powers[i] / square;
        }

        double weights = power * Matrices.Sum(matrix => matrix.SquaredSteps(matrix.Reach(factors))) / 12;
        return weights + (IsDynamic ? DynamicNoise(factors, gain) : StaticNoise(factors, gain));
    }

    private double DynamicNoise(float[] factors, double gain)
    {
        double noise = 0;
        long rows = 0;
        foreach (SampleColumns sample in Input.Samples)
        {
            (float least, float most) = sample.Divide(factors);
            noise += sample.Rows * RoundingNoise(least, most);
            rows += sample.Rows;
        }

        return gain * noise / Math.Max(1, rows);
    }

    private double StaticNoise(float[] factors, double gain) => ChooseRange(factors, gain).Noise;

    /// <summary>The range of codes with the least noise, and that noise.</summary>
    /// <param name="factors">The factors.</param>
    /// <param name="gain">The sum of squares of the scaled weights.</param>
    public (float Least, float Most, double Noise) ChooseRange(float[] factors, double gain)
    {
        (float least, float most) = _ends.Divide(factors);
        (float Least, float Most, double Noise) best = (least, most, double.PositiveInfinity);
        int rows = Math.Max(1, Input.Rows.Count);
        foreach (float clipping in Clippings)
        {
            double rounding = gain * RoundingNoise(least * clipping, most * clipping), mostLost = (best.Noise - rounding) * rows;
            double lost = 0;
            for (int row = 0; row < Input.Rows.Count && clipping < 1 && lost < mostLost; row++)
            {
                lost += LostOf(Input.Rows[row], factors, least * clipping, most * clipping);
            }

            // A narrower range cuts off more still, so what is lost alone ends the search. The noise may rise and fall again before.
            if (lost / rows >= best.Noise)
            {
                break;
            }

            double noise = rounding + lost / rows;
            best = noise < best.Noise ? (least * clipping, most * clipping, noise) : best;
        }

        return best;
    }

    /// <summary>The sum over the columns of gain · (x − clamp(x, least · factor, most · factor))².</summary>
    private double LostOf(ReadOnlySpan<float> row, ReadOnlySpan<float> factors, float least, float most)
    {
        ReadOnlySpan<float> gains = _gains;
        Vector<float> sum = Vector<float>.Zero, low = new(least), high = new(most);
        int i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> x = new(row[i..]), factor = new(factors[i..]);
            Vector<float> cut = x - Vector.Min(Vector.Max(x, low * factor), high * factor);
            sum = Vector.FusedMultiplyAdd(cut * cut, new Vector<float>(gains[i..]), sum);
        }

        double lost = Vector.Sum(sum);
        for (; i < row.Length; i++)
        {
            float cut = row[i] - Math.Clamp(row[i], least * factors[i], most * factors[i]);
            lost += cut * cut * gains[i];
        }

        return lost;
    }

    /// <summary>The noise that rounding to the codes of a range brings.</summary>
    public static double RoundingNoise(double least, double most) => Math.Pow((most - least) / InputSteps, 2) / 12;

    /// <summary>Logarithms to base 2. What is almost nothing beside the largest counts as a little more.</summary>
    private static double[] Logarithms(double[] values)
    {
        double least = Math.Max(values.Max() * 1e-8, double.Epsilon);
        return [.. values.Select(value => Math.Log2(Math.Max(value, least)))];
    }
}
