using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>
/// What trials are scored on, kept open for the trials that follow: the reference outputs of the last few sets of samples.
/// </summary>
internal sealed class TrialContexts : IDisposable
{
    /// <summary>A partial quantization scores on two sets in turn.</summary>
    private const int MaxOpen = 4;

    private readonly Lock _gate = new();
    private readonly List<Context> _contexts = [];

    /// <summary>Opens what a trial is scored on, or takes what is open.</summary>
    /// <exception cref="IOException">This machine has other files or versions than the client.</exception>
    public Lease Take(StoredFile scoring, WorkFiles files, CancellationToken cancellationToken)
    {
        Context context = Enter(scoring.Sha256);
        try
        {
            lock (context.Gate)
            {
                context.Scorer ??= Open(scoring, files, cancellationToken);
            }

            return new Lease(this, context);
        }
        catch
        {
            Leave(context);
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _contexts.ForEach(context => context.Scorer?.Dispose());

    private static TrialScorer Open(StoredFile scoring, WorkFiles files, CancellationToken cancellationToken)
    {
        ScoringContent content = JsonSerializer.Deserialize(
            File.ReadAllBytes(files.GetPath(scoring)), WorkJsonContext.Default.ScoringContent)!;
        ModelFile reference = OnnxModel.FromFile(files.GetPath(content.Reference)).File with
        {
            Path = content.ModelName,
            Fingerprint = new ModelFingerprint(Convert.FromHexString(content.ModelSha256)),
        };
        ISampleSource samples = SampleSource.FromEnumerable(content.Samples.Select(files.Read), content.Samples.Count);
        TrialScorer scorer = TrialScorer.CreateForWorker(
            reference, samples, content.Metric.ToMetric(), content.BatchSize, cancellationToken);
        if (scorer.Fingerprint == content.Fingerprint)
        {
            return scorer;
        }

        scorer.Dispose();
        throw new IOException($"{content.ModelName}: this worker reads other samples than the client, or has other versions; give all "
            + "machines the same storage and the same packages.");
    }

    private Context Enter(string key)
    {
        lock (_gate)
        {
            Context context = _contexts.Find(each => each.Key == key) ?? new Context(key);
            _contexts.Remove(context);
            _contexts.Add(context);
            context.Users++;
            foreach (Context old in _contexts.Take(Math.Max(0, _contexts.Count - MaxOpen)).Where(each => each.Users == 0).ToArray())
            {
                _contexts.Remove(old);
                old.Scorer?.Dispose();
            }

            return context;
        }
    }

    private void Leave(Context context)
    {
        lock (_gate)
        {
            context.Users--;
        }
    }

    /// <summary>The use of a scorer, which stays open until it ends.</summary>
    internal readonly struct Lease(TrialContexts owner, Context context) : IDisposable
    {
        /// <summary>The scorer.</summary>
        public TrialScorer Scorer => context.Scorer!;

        /// <inheritdoc />
        public void Dispose() => owner.Leave(context);
    }

    /// <summary>A scorer and who uses it.</summary>
    /// <param name="key">Tells it from others.</param>
    internal sealed class Context(string key)
    {
        /// <summary>Held while the scorer is opened.</summary>
        public Lock Gate { get; } = new();

        /// <summary>Tells it from others.</summary>
        public string Key => key;

        /// <summary>The scorer; null as long as it is not open.</summary>
        public TrialScorer? Scorer { get; set; }

        /// <summary>How many trials use it.</summary>
        public int Users { get; set; }
    }
}
