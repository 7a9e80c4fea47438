namespace Quantization.Onnx;

/// <summary>
/// Merges the results of shards in the order of the shards, each once, however they arrive. Those that arrive early wait in the storage, so
/// memory does not grow with the number of shards.
/// </summary>
/// <param name="shards">The shards.</param>
/// <param name="find">Finds a kept result by its name.</param>
/// <param name="read">Reads a result.</param>
/// <param name="progress">Reports the samples that are done, by one thread at a time.</param>
internal sealed class ShardMerger(
    WorkItem[] shards, Func<string, ReadOnlyMemory<byte>?> find, Func<ReadOnlyMemory<byte>, ModelCalibration> read, Action<long> progress)
    : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly bool[] _arrived = new bool[shards.Length];
    private ModelCalibration? _merged;
    private int _next;
    private long _done;

    /// <summary>Has all shards run, and merges them.</summary>
    /// <param name="results">Where results are kept.</param>
    /// <param name="ahead">How many shards are on their way at the same time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ModelCalibration> RunAsync(WorkResults results, int ahead, CancellationToken cancellationToken)
    {
        ParallelOptions options = new() { MaxDegreeOfParallelism = ahead, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, shards.Length), options, async (i, token) =>
        {
            ReadOnlyMemory<byte> result = await results.GetAsync(shards[i], token).ConfigureAwait(false);
            await _gate.WaitAsync(token).ConfigureAwait(false);
            try
            {
                Take(i, result);
            }
            finally
            {
                _gate.Release();
            }
        }).ConfigureAwait(false);
        return _merged!;
    }

    /// <inheritdoc />
    public void Dispose() => _gate.Dispose();

    private void Take(int shard, ReadOnlyMemory<byte> result)
    {
        _arrived[shard] = true;
        for (; _next < shards.Length && _arrived[_next]; _next++)
        {
            string name = WorkResults.NameOf(shards[_next].Id);
            ModelCalibration calibration = read(_next == shard ? result
                : find(name) ?? throw new IOException(
                    $"{name}: this result vanished from the storage; leave the storage as it is until the run has ended."));
            _merged?.Merge(calibration);
            _merged ??= calibration;
        }

        _done += shards[shard].Samples;
        progress(_done);
    }
}
