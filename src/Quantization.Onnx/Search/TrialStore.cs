using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>
/// The scores of trials that are over, kept in a file, so that a run that was interrupted does not score them again. Trials are identified
/// by the model, the samples, the metric's name and version and what was tried, so one file serves any number of runs. Safe to use from
/// several threads.
/// </summary>
internal sealed class TrialStore : IDisposable
{
    private static readonly TimeSpan LongestLoss = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly string? _path;
    private readonly KeptFileLock? _lock;
    private readonly SortedDictionary<TrialKey, KeptScore> _scores;
    private long _saved = Stopwatch.GetTimestamp();
    private bool _isSaved = true;

    private TrialStore(string? path, KeptFileLock? fileLock, SortedDictionary<TrialKey, KeptScore> scores)
    {
        _path = path;
        _lock = fileLock;
        _scores = scores;
    }

    /// <summary>Reads the trials in a file, if there is one, and keeps other runs from it until the store is disposed of.</summary>
    /// <param name="path">The file; null to keep nothing.</param>
    /// <exception cref="InvalidDataException">The file holds something else, or is damaged.</exception>
    /// <exception cref="IOException">The file cannot be written, or another run uses it.</exception>
    public static TrialStore Open(string? path)
    {
        if (path is null)
        {
            return new TrialStore(null, null, []);
        }

        KeptFileLock fileLock = KeptFileLock.Take(path);
        try
        {
            SortedDictionary<TrialKey, KeptScore> scores = File.Exists(path) ? TrialFile.Read(path) : [];
            AtomicFile.Create(path).Dispose(); // finds out now whether the file can be written
            return new TrialStore(path, fileLock, scores);
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    /// <summary>The score of a trial that is over; null where it is not.</summary>
    /// <param name="key">The trial.</param>
    /// <param name="metric">The metric that ranks; the key knows it by its name and version.</param>
    public TrialScore? Find(TrialKey key, ModelMetric metric)
    {
        lock (_gate)
        {
            return _scores.GetValueOrDefault(key)?.ToScore(metric);
        }
    }

    /// <summary>Keeps a score. The file is written at most once per second, and at the end.</summary>
    public void Add(TrialKey key, TrialScore score)
    {
        if (_path is null)
        {
            return;
        }

        lock (_gate)
        {
            _scores[key] = KeptScore.Of(score);
            _isSaved = false;
            if (Stopwatch.GetElapsedTime(_saved) > LongestLoss)
            {
                Save(_path);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            try
            {
                if (!_isSaved)
                {
                    Save(_path!);
                }
            }
            finally
            {
                _lock?.Dispose();
            }
        }
    }

    private void Save(string path)
    {
        using AtomicFile file = AtomicFile.Create(path);
        file.Commit(stream => TrialFile.Write(_scores, stream));
        (_saved, _isSaved) = (Stopwatch.GetTimestamp(), true);
    }
}
