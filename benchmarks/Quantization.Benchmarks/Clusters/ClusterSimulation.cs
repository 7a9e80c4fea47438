namespace Quantization.Benchmarks.Clusters;

/// <summary>
/// A job of equal items on equal workers, event by event. The queue takes one call at a time and the client one result at a time, so both
/// can become what all wait for; workers wait for nobody else.
/// </summary>
/// <param name="items">How many items there are.</param>
/// <param name="run">How long a worker runs one.</param>
/// <param name="call">How long the queue takes for a call.</param>
/// <param name="prepare">How long the client takes before each item can begin.</param>
/// <param name="take">How long the client takes for each result.</param>
/// <param name="before">How long the client takes before the first item.</param>
internal sealed class ClusterSimulation(int items, double run, double call, double prepare, double take, double before)
{
    /// <summary>The calls of an item: asking for it and telling its result; the client's calls take many at once.</summary>
    private const int CallsAnItem = 2;

    /// <summary>How long the job takes.</summary>
    /// <param name="workers">How many workers there are.</param>
    /// <returns>The seconds, and what shares of them the queue and the client were busy.</returns>
    public (double Seconds, double Queue, double Client) Run(int workers)
    {
        PriorityQueue<int, double> free = new();
        for (int worker = 0; worker < workers; worker++)
        {
            free.Enqueue(worker, 0);
        }

        double queueFree = 0, clientFree = before, prepared = before, end = 0;
        for (int item = 0; item < items; item++)
        {
            prepared += prepare;
            free.TryDequeue(out int worker, out double since);
            double begin = Math.Max(Math.Max(since, prepared), queueFree);
            queueFree = begin + CallsAnItem * call;
            double done = begin + CallsAnItem * call + run;
            free.Enqueue(worker, done);
            clientFree = Math.Max(clientFree, done) + take;
            end = Math.Max(end, clientFree);
        }

        return (end, CallsAnItem * call * items / end, (before + (prepare + take) * items) / end);
    }
}
