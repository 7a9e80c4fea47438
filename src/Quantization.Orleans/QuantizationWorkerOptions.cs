using Quantization.Onnx;

namespace Quantization.Orleans;

/// <summary>How a silo works for clients that quantize.</summary>
public sealed class QuantizationWorkerOptions
{
    /// <summary>Where models and samples are read from: what the clients name too. It has to be set.</summary>
    public IWorkStorage? Storage { get; set; }

    /// <summary>How many threads work; the default is one for each processor.</summary>
    public int Threads { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// Whether to work beside workers whose processors differ; false by default, since sums of floats can then differ in their last bits.
    /// </summary>
    public bool AllowOtherProcessors { get; set; }

    /// <summary>What messages and the clients' displays call the worker; the default is its machine and process.</summary>
    public string Name { get; set; } = FormattableString.Invariant($"{Environment.MachineName} {Environment.ProcessId}");

    /// <summary>How often a worker tells that it lives; 2 seconds by default.</summary>
    public TimeSpan BeatPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>After this silence others get a worker's work; 15 seconds by default. All silos of a cluster need the same.</summary>
    public TimeSpan WorkerTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Larger results go by way of the storage; 16 MB by default, since Orleans' messages have at most 100 MB.</summary>
    public int MostMessageBytes { get; set; } = 16 << 20;

    /// <summary>Receives a sentence when the worker is refused or warned, and null when that is over. The default is null.</summary>
    public Action<string?>? Notice { get; set; }

    /// <summary>Runs an item in place of the worker's own runner, for tests.</summary>
    internal Func<WorkRunner, WorkItem, CancellationToken, ReadOnlyMemory<byte>> Run { get; set; } =
        (runner, item, token) => runner.Run(item, token);
}
