using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quantization.Tool;

/// <summary>
/// Turns the first Ctrl-C, termination signal or order of a supervisor into a cancellation, so that half-written files are removed; a
/// second one ends the process at once. A terminal sends Ctrl-C to the supervisor too, which passes it on: signals and orders are counted
/// apart.
/// </summary>
internal sealed class ConsoleCancellation : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Repetition _signals = new();
    private readonly Repetition _orders = new();

    public ConsoleCancellation() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel),
    ];

    public CancellationToken Token => _source.Token;

    /// <summary>Takes an order to cancel.</summary>
    public void Order()
    {
        if (_orders.IsRepeated())
        {
            Process.GetCurrentProcess().Kill();
        }

        _source.Cancel();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Cancel(PosixSignalContext context)
    {
        context.Cancel = !_signals.IsRepeated();
        _source.Cancel();
    }

    /// <summary>Tells a second request from an echo of the first: <c>timeout</c> signals a process, and its group right after.</summary>
    private sealed class Repetition
    {
        private static readonly TimeSpan LongestEcho = TimeSpan.FromSeconds(1);

        private long _first;

        public bool IsRepeated() => Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0) is var first
            && first != 0
            && Stopwatch.GetElapsedTime(first) > LongestEcho;
    }
}
