using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Gathers what a model scores, sample by sample, in constant memory.</summary>
internal sealed class TrialScoreKeeper
{
    private readonly Dictionary<string, SignalEnergies> _energies = [];
    private readonly ClassDivergence _divergence = new();
    private int _labelled;
    private int _correct;
    private int _rows;
    private int _agreeing;

    /// <summary>Takes a sample's outputs in.</summary>
    /// <param name="outputs">The outputs.</param>
    /// <param name="logits">The output that holds one value a class.</param>
    public void Add(SampleOutputs outputs, string? logits)
    {
        foreach (string name in outputs.Names)
        {
            ReadOnlySpan<float> reference = outputs.GetReference(name);
            ReadOnlySpan<float> actual = outputs.GetValues(name);
            _energies[name] = _energies.GetValueOrDefault(name).With(reference, actual);
            if (name == logits)
            {
                _divergence.Add(reference, actual, outputs.GetShape(name));
                Classify(outputs.Sample, reference, actual, outputs.GetShape(name));
            }
        }
    }

    public TrialScore ToScore(ModelMetric metric, double? custom)
    {
        double? top1 = Share(_correct, _labelled);
        double? agreement = Share(_agreeing, _rows);
        double signalToNoise = _energies.Values.Min(each => each.SignalToNoise);
        double cosine = _energies.Values.Min(each => each.Cosine);
        double score = metric.Kind switch
        {
            MetricKind.Top1 => top1 ?? throw new InvalidDataException("No scoring sample has a label and one row of logits, so there is no top-1 accuracy; give labels, or take another metric."),
            MetricKind.Agreement => agreement ?? throw new InvalidDataException("The model's first output has no row of logits a sample, so there is no agreement; take ModelMetric.SignalToNoise."),
            MetricKind.SignalToNoise => signalToNoise,
            MetricKind.Cosine => cosine,
            MetricKind.KullbackLeibler => _divergence.Mean ?? throw new InvalidDataException("The model's first output has no rows of classes, so there is no divergence; take ModelMetric.SignalToNoise."),
            _ => custom!.Value,
        };
        return double.IsNaN(score)
            ? throw new InvalidDataException($"The metric '{metric.Name}' gave NaN, which cannot be compared; return a number.")
            : new TrialScore(score, top1, agreement, signalToNoise, cosine, _divergence.Mean);
    }

    private static double? Share(int hits, int count) => count == 0 ? null : (double)hits / count;

    private void Classify(ModelSample sample, ReadOnlySpan<float> reference, ReadOnlySpan<float> actual, ReadOnlySpan<long> shape)
    {
        bool isRow = shape.Length >= 2 && reference.Length == shape[1] && reference.Length > 1;
        if (!isRow)
        {
            return;
        }

        int found = TensorPrimitives.IndexOfMax(actual);
        _rows++;
        _agreeing += found == TensorPrimitives.IndexOfMax(reference) ? 1 : 0;
        if (sample.Label is { } label)
        {
            if ((uint)label >= (uint)actual.Length)
            {
                throw new InvalidDataException($"{sample.Name}: class {label} does not exist, the model has {actual.Length} classes, 0 to {actual.Length - 1}; correct the label.");
            }

            _labelled++;
            _correct += found == label ? 1 : 0;
        }
    }
}
