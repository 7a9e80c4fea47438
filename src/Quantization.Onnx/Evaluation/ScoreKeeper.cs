using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Gathers what one model scores, in constant memory but for one latency a run.</summary>
internal sealed class ScoreKeeper
{
    private readonly Dictionary<string, SignalEnergies> _energies = [];
    private readonly List<long> _ticks = [];
    private long _rows;
    private long _agreeing;
    private int _labelled;
    private int _correct;

    public int TimedRuns => _ticks.Count;

    public TimeSpan MedianLatency => TimeSpan.FromTicks(Median(_ticks));

    public void AddLatency(TimeSpan latency) => _ticks.Add(latency.Ticks);

    /// <summary>Compares one output with the reference's.</summary>
    public void AddOutput(string name, ReadOnlySpan<float> reference, ReadOnlySpan<float> actual) =>
        _energies[name] = _energies.GetValueOrDefault(name).With(reference, actual);

    /// <summary>Counts the rows of the logits where both models prefer the same class.</summary>
    public void AddAgreement(ReadOnlySpan<float> reference, ReadOnlySpan<float> actual, int classes)
    {
        for (int start = 0; start < reference.Length; start += classes)
        {
            _rows++;
            if (TensorPrimitives.IndexOfMax(reference.Slice(start, classes)) == TensorPrimitives.IndexOfMax(actual.Slice(start, classes)))
            {
                _agreeing++;
            }
        }
    }

    /// <summary>Counts one labelled sample.</summary>
    public void AddLabel(ReadOnlySpan<float> logits, int label)
    {
        _labelled++;
        if (TensorPrimitives.IndexOfMax(logits) == label)
        {
            _correct++;
        }
    }

    public ModelScore ToScore(string modelPath, long fileSize) => new(
        modelPath,
        fileSize,
        _labelled == 0 ? null : (double)_correct / _labelled,
        _rows == 0 ? null : (double)_agreeing / _rows,
        _energies.ToDictionary(pair => pair.Key, pair => pair.Value.SignalToNoise).AsReadOnly(),
        MedianLatency,
        _ticks.Count);

    private static long Median(List<long> values)
    {
        long[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
