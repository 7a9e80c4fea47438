using System.Collections.Concurrent;

namespace Quantization.Onnx.Tests.Spreading;

/// <summary>Several workers in this process, each with its own sessions; work goes to them in turn.</summary>
internal sealed class RunnerPlace(string folder, int workers) : IWorkPlace, IDisposable
{
    private readonly WorkRunner[] _runners = [.. Enumerable.Range(0, workers).Select(_ => new WorkRunner(new WorkFolder(folder)))];
    private int _next;

    public IWorkStorage Storage { get; } = new WorkFolder(folder);

    public int Capacity => workers;

    /// <summary>What was run.</summary>
    public ConcurrentQueue<WorkItem> Items { get; } = [];

    /// <summary>Called before an item runs.</summary>
    public Action<WorkItem> Before { get; set; } = _ => { };

    public Task<ReadOnlyMemory<byte>> RunAsync(WorkItem item, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            WorkRunner runner = _runners[Interlocked.Increment(ref _next) % workers];
            lock (runner)
            {
                Before(item);
                WorkItem travelled = new(item.Kind, item.Name, item.Samples, item.Content.ToArray());
                travelled.Id.Should().Be(item.Id);
                Items.Enqueue(travelled);
                return runner.Run(travelled, cancellationToken);
            }
        },
        cancellationToken);

    public void Dispose() => Array.ForEach(_runners, runner => runner.Dispose());
}
