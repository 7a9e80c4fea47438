namespace Quantization.Onnx;

/// <summary>
/// Where the shards of a calibration and the trials of a search run, in place of this process. Results do not depend on it. Safe to use
/// from several threads.
/// </summary>
public interface IWorkPlace
{
    /// <summary>What this process and all workers can read.</summary>
    IWorkStorage Storage { get; }

    /// <summary>How many items should be on their way at the same time, so that no worker waits; at least 1.</summary>
    int Capacity { get; }

    /// <summary>
    /// Has an item run by <see cref="WorkRunner.Run"/> of some worker. Where several ran it, one of the equal results is taken.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <param name="cancellationToken">Gives up the item.</param>
    /// <returns>The result.</returns>
    /// <exception cref="InvalidDataException">A sample does not fit the model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be run.</exception>
    /// <exception cref="IOException">No worker could do the item.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<ReadOnlyMemory<byte>> RunAsync(WorkItem item, CancellationToken cancellationToken);
}
