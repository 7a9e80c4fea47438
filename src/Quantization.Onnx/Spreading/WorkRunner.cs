using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>
/// Runs work on this machine: what a worker does. Sessions and reference outputs stay open between items of the same model and samples.
/// Safe to use from several threads.
/// </summary>
/// <param name="storage">Where models and samples are read from.</param>
/// <param name="threads">How many samples of a shard run side by side.</param>
public sealed class WorkRunner(IWorkStorage storage, int threads = 1) : IDisposable
{
    private readonly WorkFiles _files = new(storage);
    private readonly ShardRunner _shards = new(threads);
    private readonly TrialContexts _trials = new();

    /// <summary>The instructions that this machine's processor has and results can depend on, in words.</summary>
    public static string Processor { get; } = ProcessorFeatures.Describe();

    /// <summary>The versions of ONNX Runtime and of this library, which have to be those of the client.</summary>
    public static string Versions => WorkVersions.Current;

    /// <summary>Runs an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="cancellationToken">Stops between samples.</param>
    /// <returns>The result: a calibration's file or a trial's figures.</returns>
    /// <exception cref="InvalidDataException">A sample does not fit the model, or the item is damaged.</exception>
    /// <exception cref="OnnxModelException">The model cannot be run.</exception>
    /// <exception cref="ArgumentException">Options do not fit the model.</exception>
    /// <exception cref="IOException">
    /// This machine cannot do it, though another might: the storage cannot be read or holds other files here, or versions differ.
    /// </exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ReadOnlyMemory<byte> Run(WorkItem item, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        return item.Kind == WorkKind.Shard ? RunShard(item, cancellationToken) : RunTrial(item, cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _shards.Dispose();
        _trials.Dispose();
    }

    private byte[] RunShard(WorkItem item, CancellationToken cancellationToken)
    {
        ShardContent shard = Read(item, WorkJsonContext.Default.ShardContent);
        WorkVersions.ThrowUnlessSame(shard.Versions);
        return SpreadCalibration.Write(_shards.Run(shard, _files, cancellationToken));
    }

    private byte[] RunTrial(WorkItem item, CancellationToken cancellationToken)
    {
        TrialContent trial = Read(item, WorkJsonContext.Default.TrialContent);
        WorkVersions.ThrowUnlessSame(trial.Versions);
        string model = _files.GetPath(trial.Model);
        using TrialContexts.Lease lease = _trials.Take(trial.Scoring, _files, cancellationToken);
        TrialScore score = lease.Scorer.Score(
            new TrialModel(trial.Model.Sha256, () => OnnxModel.FromFile(model).File.Model, trial.Simulate), cancellationToken);
        return JsonSerializer.SerializeToUtf8Bytes(TrialFigures.Of(score), WorkJsonContext.Default.TrialFigures);
    }

    private static T Read<T>(
        WorkItem item, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, [CallerMemberName] string caller = "")
    {
        try
        {
            return JsonSerializer.Deserialize(item.Content.Span, type) ?? throw new JsonException(caller);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{item.Name}: the work cannot be read ({e.Message}); install the same versions on all machines.", e);
        }
    }
}
