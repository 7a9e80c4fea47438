using System.Diagnostics;
using System.IO.Pipes;

namespace Quantization.Tool;

/// <summary>
/// A child's end of the link to the process that supervises it. Orders come in: each byte asks for cancellation, and the end of the stream
/// means that the supervisor is gone, so the child ends too. Notes go out, a line each: what is being done, and the folders of unfinished
/// files.
/// </summary>
internal sealed class WorkerLink : IDisposable
{
    /// <summary>Holds the handles of both pipes, separated by a space.</summary>
    public const string Variable = "QUANTIZE_SUPERVISOR";

    /// <summary>The order to cancel.</summary>
    public const byte Cancel = (byte)'c';

    /// <summary>The first character of a note that names what is being done.</summary>
    public const char Step = 'S';

    /// <summary>The first character of a note that names a folder of unfinished files.</summary>
    public const char Folder = 'F';

    private readonly AnonymousPipeClientStream _orders;
    private readonly StreamWriter _notes;
    private readonly Lock _gate = new();

    private WorkerLink(AnonymousPipeClientStream orders, AnonymousPipeClientStream notes)
    {
        _orders = orders;
        _notes = new StreamWriter(notes) { AutoFlush = true };
    }

    /// <summary>The link of this process; null where nobody supervises it.</summary>
    public static WorkerLink? Current { get; private set; }

    /// <summary>Opens the link where this process is a supervised child.</summary>
    public static WorkerLink? Open()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(' ') is not [{ } orders, { } notes])
        {
            return null;
        }

        Environment.SetEnvironmentVariable(Variable, null); // not for this process's own children
        return Current = new WorkerLink(
            new AnonymousPipeClientStream(PipeDirection.In, orders), new AnonymousPipeClientStream(PipeDirection.Out, notes));
    }

    /// <summary>Obeys orders from now on, on a thread of its own.</summary>
    public void Obey(Action cancel) => new Thread(() =>
    {
        while (_orders.ReadByte() >= 0)
        {
            cancel();
        }

        // As a signal would: nothing half written is left that the next run would not remove.
        Process.GetCurrentProcess().Kill();
    })
    {
        IsBackground = true,
        Name = "orders",
    }.Start();

    /// <summary>Tells the supervisor something.</summary>
    public void Note(char kind, string text)
    {
        lock (_gate)
        {
            try
            {
                _notes.WriteLine($"{kind}{text.ReplaceLineEndings(" ")}");
            }
            catch (IOException)
            {
                // The supervisor is gone, and so will this process be.
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _notes.Dispose();
}
