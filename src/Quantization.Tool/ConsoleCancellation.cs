using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quantization.Tool;

/// <summary>
/// Turns the first Ctrl-C, termination signal or order of a supervisor into a cancellation, so that half-written files are removed; a second one ends the process at once. A terminal sends Ctrl-C to the
/// supervisor too, which passes it on: signals and orders are counted apart.
/// </summary>
internal sealed class ConsoleCancellation : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _signals;
    private int _orders;

    public ConsoleCancellation() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel),
    ];

    public CancellationToken Token => _source.Token;

    /// <summary>Takes an order to cancel.</summary>
    public void Order()
    {
        if (Interlocked.Increment(ref _orders) > 1)
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
        context.Cancel = Interlocked.Increment(ref _signals) == 1;
        _source.Cancel();
    }
}
