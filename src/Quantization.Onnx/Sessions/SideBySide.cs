using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Runtime.ExceptionServices;

namespace Quantization.Onnx;

/// <summary>
/// Loops whose steps run at the same time. A step that fails ends the loop with its own exception, as a plain loop would: what went wrong
/// counts, not that other steps were stopped by it.
/// </summary>
internal static class SideBySide
{
    /// <summary>Runs <paramref name="work"/> for 0 to <paramref name="count"/> − 1, on all processors.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void For(int count, Action<int> work, CancellationToken cancellationToken) =>
        Unwrap(() => Parallel.For(0, count, Options(Environment.ProcessorCount, cancellationToken), work));

    /// <summary>Runs <paramref name="work"/> for each item. Items begin in their order, each when a thread is free.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void ForEach<T>(IEnumerable<T> items, int mostThreads, Action<T> work, CancellationToken cancellationToken) => Unwrap(
        () => Parallel.ForEach(
            Partitioner.Create(items, EnumerablePartitionerOptions.NoBuffering), Options(mostThreads, cancellationToken), work));

    private static ParallelOptions Options(int mostThreads, CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = mostThreads, CancellationToken = cancellationToken };

    private static void Unwrap(Action loop)
    {
        try
        {
            loop();
        }
        catch (AggregateException e)
        {
            ReadOnlyCollection<Exception> errors = e.Flatten().InnerExceptions;
            ExceptionDispatchInfo.Throw(errors.FirstOrDefault(each => each is not OperationCanceledException) ?? errors[0]);
        }
    }
}
