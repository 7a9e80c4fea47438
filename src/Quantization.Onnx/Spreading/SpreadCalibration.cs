using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>
/// Calibrates by workers: the samples are cut into shards, and what the workers saw is merged in the order of the shards, each once. How
/// samples are cut depends on their number alone, so any number of workers gives the same bytes.
/// </summary>
internal static class SpreadCalibration
{
    private const int MinInShard = 16;

    private const int MaxInShard = 1024;

    /// <summary>So many shards are enough for a thousand workers.</summary>
    private const int WantedShards = 4096;

    /// <summary>How many shards are on their way at the same time. They wait where the workers meet, and are small.</summary>
    private const int ShardsAhead = 1024;

    /// <summary>Calibrates a model that static int8 prepared.</summary>
    /// <exception cref="ArgumentException">There is no sample, or the options cannot travel.</exception>
    /// <exception cref="IOException">The storage cannot be used, or no worker could do the work.</exception>
    public static ModelCalibration Run(
        IWorkPlace place, FloatModel model, ISampleSource samples, CalibrationOptions options, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        WorkVersions.ThrowIfOwnSessions(options.SessionOptionsFactory);
        WorkStore store = new(place.Storage);
        List<StoredSample> stored = store.Store(samples, cancellationToken);
        if (stored.Count == 0)
        {
            throw new ArgumentException("There is no sample to calibrate with; give at least one.", nameof(samples));
        }

        WorkItem[] shards = Cut(model, store.Store(model.File), stored, options);
        WorkResults results = new(place);
        string whole = WorkResults.NameOf(HashOf(shards));
        if (results.Find(whole) is { } kept)
        {
            progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, stored.Count, stored.Count));
            return Read(kept, model);
        }

        using ShardMerger merger = new(shards, id => results.Find(id), content => Read(content, model), done =>
            progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, done, stored.Count)));
        ModelCalibration calibration = Task.Run(() => merger.RunAsync(results, ShardsAhead, cancellationToken), cancellationToken)
            .GetAwaiter().GetResult();
        results.Keep(whole, Write(calibration));
        Array.ForEach(shards, results.Delete);
        return calibration;
    }

    /// <summary>What a worker answers.</summary>
    public static byte[] Write(ModelCalibration calibration)
    {
        using MemoryStream content = new();
        ModelCalibrationFile.Write(calibration, content, isKeptByRun: false);
        return content.ToArray();
    }

    /// <summary>How many samples a shard has.</summary>
    public static int SizeOfShard(int samples) => Math.Clamp((samples + WantedShards - 1) / WantedShards, MinInShard, MaxInShard);

    private static ModelCalibration Read(ReadOnlyMemory<byte> content, FloatModel model)
    {
        ModelCalibration calibration = ModelCalibrationFile.Read(model.File.Path, content.ToArray());
        return calibration.Model == model.File.Fingerprint ? calibration
            : throw new InvalidDataException($"{model.File.Path}: a worker calibrated another model; give all workers the same storage.");
    }

    private static WorkItem[] Cut(FloatModel model, StoredFile file, List<StoredSample> samples, CalibrationOptions options)
    {
        ShardOptions shared = ShardOptions.Of(options);
        int size = SizeOfShard(samples.Count);
        return
        [
            .. samples.Chunk(size).Select((some, i) => new WorkItem(
                WorkKind.Shard,
                string.Create(CultureInfo.InvariantCulture, $"samples {i * size + 1} to {i * size + some.Length} of {model.File.Path}"),
                some.Length,
                JsonSerializer.SerializeToUtf8Bytes(
                    new ShardContent(WorkVersions.Current, model.File.Path, file, shared, some), WorkJsonContext.Default.ShardContent))),
        ];
    }

    private static string HashOf(WorkItem[] shards) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', shards.Select(shard => shard.Id)))));
}
