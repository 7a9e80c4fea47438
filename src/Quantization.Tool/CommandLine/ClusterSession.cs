using System.Globalization;
using Quantization.Onnx;
using Quantization.Orleans;

namespace Quantization.Tool;

/// <summary>The use of workers by one command: tells who they are, and at the end what each has done.</summary>
internal sealed class ClusterSession : IDisposable
{
    private readonly ToolConsole _console;
    private readonly FolderClusterClient _client;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long Items, long Samples)> _before = [];
    private readonly Dictionary<string, WorkerStatus> _seen = [];

    private ClusterSession(ToolConsole console, FolderClusterClient client)
    {
        _console = console;
        _client = client;
        client.Place.StatusChanged += Look;
    }

    /// <summary>Where work runs.</summary>
    public IWorkPlace Place => _client.Place;

    /// <summary>Connects to the workers.</summary>
    /// <param name="console">Reports the workers, on the error stream.</param>
    /// <param name="folder">The folder of the cluster; null for none.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Null where no folder is given.</returns>
    /// <exception cref="UsageException">There is no such folder.</exception>
    /// <exception cref="IOException">No worker was found.</exception>
    public static ClusterSession? Open(ToolConsole console, string? folder, CancellationToken cancellation)
    {
        if (folder is null)
        {
            return null;
        }

        return Directory.Exists(folder)
            ? new ClusterSession(console, FolderCluster.ConnectAsync(folder, null, cancellation).GetAwaiter().GetResult())
            : throw new UsageException($"{ClusterOption.Name} {folder}: there is no such folder; make it, and start workers with 'quantize "
                + $"worker {ClusterOption.Name} {folder}'.");
    }

    /// <summary>Disconnects, and tells each worker's share.</summary>
    public void Dispose()
    {
        _client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        lock (_gate)
        {
            (string Name, long Samples)[] shares =
                [.. _seen.Values.Select(each => (each.Worker.Name, each.Samples - _before[each.Worker.Id].Samples))];
            long all = shares.Sum(share => share.Samples);
            if (all == 0 && shares.Length > 0)
            {
                _console.Error.WriteLine(
                    "The workers had nothing to do: the folder of the cluster already has the results of an earlier run.");
            }
            else if (all > 0)
            {
                string words = string.Join(
                    ", ",
                    shares.Select(share => string.Create(CultureInfo.InvariantCulture, $"{share.Name} {100.0 * share.Samples / all:0} %")));
                _console.Error.WriteLine(VisibleText.Of($"Shares of the workers: {words}."));
            }
        }
    }

    private void Look(ClusterStatus status)
    {
        lock (_gate)
        {
            foreach (WorkerStatus worker in status.Workers)
            {
                if (_before.TryAdd(worker.Worker.Id, (worker.Items, worker.Samples)))
                {
                    Tell(worker.Refusal is { } refusal ? $"Worker refused: {refusal}"
                        : $"Worker {worker.Worker.Name}: {Figures.Count(worker.Worker.Threads, "thread")}, {worker.Worker.Processor}.");
                }

                _seen[worker.Worker.Id] = worker;
            }

            HashSet<string> left = [.. status.Workers.Select(worker => worker.Worker.Id)];
            foreach (WorkerStatus gone in _seen.Values.Where(worker => !left.Contains(worker.Worker.Id) && worker.Running >= 0).ToArray())
            {
                _seen[gone.Worker.Id] = gone with { Running = -1 };
                Tell($"Worker {gone.Worker.Name} is gone.");
            }
        }
    }

    /// <summary>Writes a line, but not between moving bars.</summary>
    private void Tell(string line)
    {
        if (_console.ProgressScreen is null)
        {
            _console.Error.WriteLine(VisibleText.Of(line));
        }
    }
}
