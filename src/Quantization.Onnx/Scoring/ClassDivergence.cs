using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// The mean Kullback–Leibler divergence between the class distributions of two models, <c>D(P‖Q) = Σ p · ln(p / q)</c>, over the rows of
/// an output, as <see cref="ClassRows"/> finds them. Rows whose reference has no negative value and sums to 1 within a thousandth are
/// distributions already; of others the softmax is taken.
/// </summary>
internal sealed class ClassDivergence
{
    /// <summary>
    /// The least probability: below it a float softmax tells nothing, and a class that one model excludes would make the divergence
    /// infinite.
    /// </summary>
    private const float MinProbability = 1e-12f;

    private const float LargestSumError = 1e-3f;

    private float[] _p = [];
    private float[] _q = [];
    private float[] _logarithms = [];
    private double _sum;
    private long _rows;

    /// <summary>The mean over all rows, in nats; null where there was none.</summary>
    public double? Mean => _rows == 0 ? null : _sum / _rows;

    /// <summary>Takes in rows of so many classes.</summary>
    public void Add(ReadOnlySpan<float> reference, ReadOnlySpan<float> actual, int classes)
    {
        if (_p.Length != classes)
        {
            (_p, _q, _logarithms) = (new float[classes], new float[classes], new float[classes]);
        }

        for (int start = 0; start < reference.Length; start += classes)
        {
            _sum += Diverge(reference.Slice(start, classes), actual.Slice(start, classes));
            _rows++;
        }
    }

    /// <summary>Takes in rows that are the reference's own: nothing diverges.</summary>
    public void AddEqual(int rows) => _rows += rows;

    private double Diverge(ReadOnlySpan<float> reference, ReadOnlySpan<float> actual)
    {
        bool isDistribution = TensorPrimitives.Min(reference) >= 0 && MathF.Abs(TensorPrimitives.Sum(reference) - 1) <= LargestSumError;
        ToDistribution(reference, isDistribution, _p);
        ToDistribution(actual, isDistribution, _q);
        TensorPrimitives.Log(_p, _logarithms);
        TensorPrimitives.Log(_q, _q);
        TensorPrimitives.Subtract(_logarithms, _q, _logarithms);
        return Math.Max(0, TensorPrimitives.Dot<float>(_p, _logarithms)); // rounding can lead below 0, the divergence cannot
    }

    private static void ToDistribution(ReadOnlySpan<float> row, bool isDistribution, Span<float> probabilities)
    {
        if (isDistribution)
        {
            TensorPrimitives.Max(row, MinProbability, probabilities);
        }
        else
        {
            TensorPrimitives.Subtract(row, TensorPrimitives.Max(row), probabilities); // no exponential overflows
            TensorPrimitives.Exp(probabilities, probabilities);
            TensorPrimitives.Divide(probabilities, TensorPrimitives.Sum<float>(probabilities), probabilities);
            TensorPrimitives.Max(probabilities, MinProbability, probabilities);
        }
    }
}
