using System.Text.Json;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Has models scored by workers, on samples and a reference that all trials of a search share.</summary>
internal sealed class SpreadTrials
{
    private readonly IWorkPlace _place;
    private readonly WorkStore _store;
    private readonly WorkResults _results;
    private readonly string _modelPath;
    private readonly StoredFile _scoring;
    private readonly int _samples;

    /// <param name="place">Where models are scored.</param>
    /// <param name="file">The float model's file.</param>
    /// <param name="reference">The model whose outputs are the reference.</param>
    /// <param name="samples">The scoring samples.</param>
    /// <param name="scorer">What scores in this process.</param>
    /// <param name="batchSize">How many samples are joined in a run.</param>
    /// <param name="cancellationToken">Stops between samples.</param>
    /// <exception cref="ArgumentException">The metric or the model cannot travel.</exception>
    /// <exception cref="IOException">The storage cannot be written to.</exception>
    public SpreadTrials(
        IWorkPlace place, ModelFile file, ModelProto reference, ISampleSource samples, TrialScorer scorer, int batchSize,
        CancellationToken cancellationToken)
    {
        _place = place;
        _store = new WorkStore(place.Storage);
        _results = new WorkResults(place);
        _modelPath = file.Path;
        StoredMetric metric = StoredMetric.Of(scorer.Metric);
        List<StoredSample> stored = _store.Store(samples, cancellationToken);
        _samples = stored.Count;
        ScoringContent content = new(
            file.Path, file.Fingerprint.ToString(), _store.Store(file.Path, reference), metric, batchSize, scorer.Fingerprint, stored);
        _scoring = _store.Store(JsonSerializer.SerializeToUtf8Bytes(content, WorkJsonContext.Default.ScoringContent), ".scoring");
    }

    /// <summary>How many models should be on their way at the same time.</summary>
    public int Capacity => Math.Max(1, _place.Capacity);

    /// <summary>Has a model scored.</summary>
    /// <exception cref="IOException">No worker could do it.</exception>
    public TrialFigures Score(ModelProto model, bool simulate, CancellationToken cancellationToken)
    {
        StoredFile file = _store.Store(_modelPath, model, _scoring.Sha256);
        TrialContent content = new(WorkVersions.Current, _scoring, file, simulate);
        WorkItem item = new(
            WorkKind.Trial,
            $"a trial of {_modelPath}",
            _samples,
            JsonSerializer.SerializeToUtf8Bytes(content, WorkJsonContext.Default.TrialContent));
        ReadOnlyMemory<byte> result = _results.GetAsync(item, cancellationToken).GetAwaiter().GetResult();
        _store.Delete(file);
        return JsonSerializer.Deserialize(result.Span, WorkJsonContext.Default.TrialFigures)
            ?? throw new InvalidDataException(
                $"{_modelPath}: a worker answered a trial without figures; install the same versions on all machines.");
    }
}
