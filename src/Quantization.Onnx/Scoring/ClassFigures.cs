using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Gathers the figures of an output of logits: accuracy, agreement and divergence.</summary>
internal sealed class ClassFigures
{
    private readonly ClassDivergence _divergence = new();
    private readonly TokenLikelihood _likelihood = new();
    private readonly ClassCounter _counter = new();
    private long _rows;
    private long _agreeing;
    private int _samples;
    private int _labelled;
    private int _correct;
    private int _uncountedSamples;
    private bool _areTokens = true;
    private (string Sample, string? Output, string? Shape, int? Samples)? _uncounted;

    /// <summary>The accuracy; null where no labelled sample has one row of logits.</summary>
    public MetricFigure? Top1 => _labelled == 0 ? null : new MetricFigure(ModelMetric.Top1, (double)_correct / _labelled, _labelled);

    /// <summary>The agreement; null where there was no row.</summary>
    public MetricFigure? Agreement => _rows == 0 ? null : new MetricFigure(ModelMetric.Agreement, (double)_agreeing / _rows, _samples);

    /// <summary>The mean divergence; null where there was no row.</summary>
    public MetricFigure? KullbackLeibler =>
        _divergence.Mean is { } mean ? new MetricFigure(ModelMetric.KullbackLeibler, mean, _samples) : null;

    /// <summary>The perplexity; null where the logits do not predict the samples' tokens.</summary>
    public MetricFigure? Perplexity =>
        _areTokens && _likelihood.Perplexity is { } perplexity ? new MetricFigure(ModelMetric.Perplexity, perplexity, _samples) : null;

    /// <summary>The classes that the reference model answers and that labels name; null where no sample has one row of logits.</summary>
    public ClassCounts? Counts => _counter.Counts;

    /// <summary>Why labelled samples do not count for accuracy; null where all count.</summary>
    public Advice? Uncounted => _uncounted is var (sample, output, shape, samples)
        ? TrialsAdvice.UncountedLabels(sample, output, shape, samples, _uncountedSamples)
        : null;

    /// <summary>Takes in the logits of samples that were run together.</summary>
    /// <exception cref="InvalidDataException">A label is no class of the logits.</exception>
    public void Add(IReadOnlyList<ModelSample> samples, ComparedOutput output)
    {
        ReadOnlySpan<float> reference = output.Reference;
        ReadOnlySpan<float> actual = output.Actual;
        int classes = ClassRows.LengthOf(output.Shape);
        int rows = classes == 0 ? 0 : reference.Length / classes;
        bool isRowEach = rows == samples.Count && output.Shape[0] == samples.Count;
        if (!isRowEach)
        {
            DoNotCount(samples, output.Name, SampleShape.Format(output.Shape));
        }

        if (rows == 0)
        {
            return;
        }

        _samples += samples.Count;
        TokenRows? tokens = TokenRows.Find(samples, output.Shape);
        _areTokens &= tokens is { IsVocabulary: true };
        bool isReference = reference == actual; // the reference model beside itself: the same memory
        for (int row = 0; row < rows; row++)
        {
            if (tokens?.Counts(row) == false)
            {
                continue;
            }

            ReadOnlySpan<float> expected = reference.Slice(row * classes, classes), logits = actual.Slice(row * classes, classes);
            int found = TensorPrimitives.IndexOfMax(logits);
            AddRow(expected, logits, found, isReference);
            if (_areTokens && tokens!.NextOf(row) is >= 0 and int next)
            {
                _likelihood.Add(logits, next);
            }

            if (!isRowEach)
            {
                continue;
            }

            if (samples[row].Label is { } label)
            {
                ThrowUnlessClass(samples[row], label, classes, output.Name);
                _labelled++;
                _correct += found == label ? 1 : 0;
            }

            _counter.Add(isReference ? found : TensorPrimitives.IndexOfMax(expected), samples[row].Label);
        }
    }

    /// <summary>Takes in samples of which there are no logits.</summary>
    public void AddWithoutLogits(IReadOnlyList<ModelSample> samples) =>
        DoNotCount(samples, null, null);

    private void AddRow(ReadOnlySpan<float> expected, ReadOnlySpan<float> logits, int found, bool isReference)
    {
        _rows++;
        _agreeing += isReference || found == TensorPrimitives.IndexOfMax(expected) ? 1 : 0;
        if (isReference)
        {
            _divergence.AddEqual(1);
        }
        else
        {
            _divergence.Add(expected, logits, expected.Length);
        }
    }

    private static void ThrowUnlessClass(ModelSample sample, int label, int classes, string name)
    {
        if ((uint)label >= (uint)classes)
        {
            throw new InvalidDataException(
                $"{OriginOf(sample)}: class {label} does not exist, "
                + $"output '{name}' has {classes} classes, 0 to {classes - 1}; correct the label.");
        }
    }

    private void DoNotCount(IReadOnlyList<ModelSample> samples, string? output, string? shape)
    {
        foreach (ModelSample sample in samples.Where(sample => sample.Label is not null))
        {
            _uncountedSamples++;
            _uncounted ??= (OriginOf(sample), output, shape, output is null ? null : samples.Count);
        }
    }

    private static string OriginOf(ModelSample sample) => sample.LabelOrigin is { } line ? $"{line}: {sample.Name}" : sample.Name;
}
