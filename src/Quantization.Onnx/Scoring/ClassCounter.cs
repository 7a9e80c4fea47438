namespace Quantization.Onnx;

/// <summary>Counts answers and labels for <see cref="ClassCounts"/>. Memory grows with the number of classes alone.</summary>
internal sealed class ClassCounter
{
    private readonly Dictionary<int, int> _answers = [];
    private readonly Dictionary<int, int> _labelledAnswers = [];
    private readonly Dictionary<int, int> _labels = [];
    private int _samples;
    private int _labelled;

    /// <summary>The counts; null where there was no answer.</summary>
    public ClassCounts? Counts
    {
        get
        {
            if (_samples == 0)
            {
                return null;
            }

            KeyValuePair<int, int> answer = MostFrequent(_answers), label = MostFrequent(_labels);
            return new ClassCounts(
                _samples, _answers.Count, answer.Key, answer.Value, _labelled, _labels.Count, label.Key, ChanceAccuracy());
        }
    }

    /// <summary>Takes in the answer to one sample.</summary>
    /// <param name="answer">The class with the largest logit.</param>
    /// <param name="label">The class that the label names; null where there is none.</param>
    public void Add(int answer, int? label)
    {
        _samples++;
        Count(_answers, answer);
        if (label is { } named)
        {
            _labelled++;
            Count(_labelledAnswers, answer);
            Count(_labels, named);
        }
    }

    private static void Count(Dictionary<int, int> counts, int key) => counts[key] = counts.GetValueOrDefault(key) + 1;

    /// <summary>The lowest of the most frequent classes, so that the order of samples does not matter.</summary>
    private static KeyValuePair<int, int> MostFrequent(Dictionary<int, int> counts) =>
        counts.OrderByDescending(each => each.Value).ThenBy(each => each.Key).FirstOrDefault();

    private double ChanceAccuracy() => _labelled == 0
        ? 0
        : _labels.Sum(label => (double)label.Value * _labelledAnswers.GetValueOrDefault(label.Key)) / ((double)_labelled * _labelled);
}
