namespace Quantization.Onnx;

/// <summary>Runs shards one after another. The session of the last model stays open for the next shard.</summary>
/// <param name="threads">How many samples run side by side.</param>
internal sealed class ShardRunner(int threads) : IDisposable
{
    private readonly Lock _gate = new();
    private (string Key, ActivationReader Reader)? _open;

    /// <summary>Calibrates on the samples of a shard.</summary>
    public ModelCalibration Run(ShardContent shard, WorkFiles files, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ActivationReader reader = Open(shard, files);
            reader.ForgetPadding(); // what a shard sees must not depend on those before it
            ISampleSource samples = SampleSource.FromEnumerable(shard.Samples.Select(files.Read), shard.Samples.Count);
            return CalibrationRun.Run(reader, samples, null, cancellationToken);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _open?.Reader.Dispose();

    private ActivationReader Open(ShardContent shard, WorkFiles files)
    {
        string key = System.Text.Json.JsonSerializer.Serialize(shard with { Samples = [] }, WorkJsonContext.Default.ShardContent);
        if (_open is { } open && open.Key == key)
        {
            return open.Reader;
        }

        _open?.Reader.Dispose();
        _open = null;
        CalibrationOptions options = shard.Options.ToOptions(threads);
        FloatModel model = StaticInt8Recipe.Load(files.OpenModel(shard.Model), null, options.Runtime);
        ActivationReader reader = new(model, options, null);
        _open = (key, reader);
        return reader;
    }
}
