namespace Quantization.Onnx;

/// <summary>
/// Gathers what one model scores, run by run, in constant memory. This is the only place where figures come from: evaluation, search,
/// partial quantization and sensitivity all feed it the outputs of a model beside those of its reference.
/// </summary>
internal sealed class FigureKeeper : IDisposable
{
    private readonly string _modelPath;
    private readonly string? _logits;
    private readonly IReadOnlyList<ModelMetric> _metrics;
    private readonly MetricFeed?[] _feeds;
    private readonly Dictionary<string, (SignalEnergies Energies, int Samples)> _outputs = [];
    private readonly ClassFigures _classes = new();
    private readonly SampleKeeping? _keeping;
    private int _samples;

    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="logits">The output that holds rows of classes; null for the first output of floats.</param>
    /// <param name="metrics">The metrics whose figures are asked for by name, custom ones among them.</param>
    /// <param name="keepsSamples">Whether to keep what each sample scores; the first metric tells what its share counts.</param>
    public FigureKeeper(string modelPath, string? logits, IReadOnlyList<ModelMetric> metrics, bool keepsSamples = false)
    {
        _keeping = keepsSamples ? new SampleKeeping(modelPath, metrics[0].Kind) : null;
        _modelPath = modelPath;
        _logits = logits;
        _metrics = metrics;
        _feeds = [.. metrics.Select(metric => metric.Measure is { } measure ? new MetricFeed(measure) : null)];
    }

    /// <summary>How near each output is to the reference model's, in the model's order.</summary>
    public IReadOnlyList<OutputFigures> Outputs =>
    [
        .. _outputs.Select(output => new OutputFigures(
            output.Key,
            new MetricFigure(ModelMetric.SignalToNoise, output.Value.Energies.SignalToNoise, output.Value.Samples),
            new MetricFigure(ModelMetric.Cosine, output.Value.Energies.Cosine, output.Value.Samples))),
    ];

    /// <summary>The figures of the library's own metrics.</summary>
    public ModelFigures Figures
    {
        get
        {
            IReadOnlyList<OutputFigures> outputs = Outputs;
            return new ModelFigures(
                _classes.Top1,
                _classes.Agreement,
                Lowest(outputs.Select(output => output.SignalToNoise)),
                Lowest(outputs.Select(output => output.Cosine)),
                _classes.KullbackLeibler) { Perplexity = _classes.Perplexity };
        }
    }

    /// <summary>What each of the first samples scored.</summary>
    public SampleFigures Samples => _keeping?.Figures ?? SampleFigures.None;

    /// <summary>The classes that the reference model answers and that labels name; null where no sample has one row of logits.</summary>
    public ClassCounts? Classes => _classes.Counts;

    /// <summary>Why labelled samples do not count for accuracy; null where all count.</summary>
    public Advice? UncountedLabels => _classes.Uncounted;

    /// <summary>Takes in the outputs of samples that were run together.</summary>
    /// <exception cref="InvalidDataException">A label is no class of the logits.</exception>
    /// <exception cref="OnnxModelException">A custom metric needs the outputs of each sample, and they cannot be taken
    /// apart.</exception>
    public void Add(IReadOnlyList<ModelSample> samples, IReadOnlyList<ComparedOutput> outputs)
    {
        _samples += samples.Count;
        foreach (ComparedOutput output in outputs)
        {
            (SignalEnergies energies, int count) = _outputs.GetValueOrDefault(output.Name);
            int more = output.Reference.IsEmpty ? 0 : samples.Count;
            _outputs[output.Name] = (energies.With(output.Reference, output.Actual), count + more);
        }

        ComparedOutput? logits = outputs.FirstOrDefault(output => _logits is null || output.Name == _logits);
        if (logits is not null)
        {
            _classes.Add(samples, logits);
        }
        else
        {
            _classes.AddWithoutLogits(samples);
        }

        _keeping?.Add(samples, outputs, logits);

        if (_feeds.All(feed => feed is null))
        {
            return;
        }

        for (int i = 0; i < samples.Count; i++)
        {
            SampleOutputs sample = new(
                samples[i], outputs.ToDictionary(output => output.Name, output => output.Slice(_modelPath, i, samples.Count)));
            foreach (MetricFeed? feed in _feeds)
            {
                feed?.Give(sample);
            }
        }
    }

    /// <summary>The figures of the metrics that were asked for, in their order. After it nothing can be added.</summary>
    /// <exception cref="InvalidDataException">A metric cannot be measured, or a custom one gave NaN.</exception>
    public IReadOnlyList<MetricFigure> Finish()
    {
        ModelFigures figures = Figures;
        return
        [
            .. _metrics.Zip(_feeds, (metric, feed) => feed is null
                ? figures.Get(metric, _classes.Uncounted)
                : ThrowIfNaN(new MetricFigure(metric, feed.Finish(), _samples))),
        ];
    }

    /// <summary>Refuses a figure that cannot be compared.</summary>
    /// <exception cref="InvalidDataException">It is NaN.</exception>
    public static MetricFigure ThrowIfNaN(MetricFigure figure) => double.IsNaN(figure.Value)
        ? throw new InvalidDataException($"The metric '{figure.Metric.Name}' gave NaN, which cannot be compared; return a number.")
        : figure;

    /// <summary>Ends the custom metrics that are still at work.</summary>
    public void Dispose()
    {
        foreach (MetricFeed? feed in _feeds)
        {
            feed?.Dispose();
        }
    }

    /// <summary>The lowest figure, NaN below all others; null where there is none.</summary>
    private static MetricFigure? Lowest(IEnumerable<MetricFigure> figures) => figures.MinBy(figure => figure.Value);
}
