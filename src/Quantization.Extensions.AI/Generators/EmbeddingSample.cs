namespace Quantization.Extensions.AI.Generators;

/// <summary>Sums up a sample of embeddings in memory that does not grow with it.</summary>
internal sealed class EmbeddingSample
{
    private readonly TensorStatistics _statistics = new();
    private double[]? _sums;
    private int _count;

    /// <exception cref="InvalidDataException">The dimensions are not those of the embeddings before, or a value is not finite.</exception>
    public void Add(ReadOnlySpan<float> vector)
    {
        _sums ??= new double[vector.Length];
        if (vector.Length != _sums.Length || vector.IsEmpty)
        {
            throw new InvalidDataException(
                $"Embedding {_count} has {vector.Length} dimensions and embedding 0 has {_sums.Length}; give embeddings of one model.");
        }

        EmbeddingChecks.ThrowUnlessFinite(vector, _count);
        _statistics.Observe(vector);
        for (int i = 0; i < vector.Length; i++)
        {
            _sums[i] += vector[i];
        }

        _count++;
    }

    /// <exception cref="ArgumentException">There is no embedding, or all values are 0.</exception>
    public EmbeddingCalibration ToCalibration(ICalibrator calibrator)
    {
        if (_sums is null || _statistics.MaxMagnitude == 0)
        {
            throw new ArgumentException("A calibration needs at least one embedding that is not all zeros.");
        }

        ValueRange range = calibrator.Calibrate(_statistics, CodeFormat.Int8, QuantizationScheme.Symmetric).Range;
        float scale = QuantizationParameters.FromRange(range, CodeFormat.Int8, QuantizationScheme.Symmetric).Scales[0];
        return new EmbeddingCalibration(scale, Array.ConvertAll(_sums, sum => (float)(sum / _count)));
    }
}
