using System.Diagnostics;
using System.IO.Pipes;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Quantization.Tool;

/// <summary>
/// Runs the tool in a child process. ONNX Runtime is native code: a model that makes it fail an assertion ends its process, and no handler
/// can stop that. Here it ends the child, and the user still reads one line that says so and gets an exit code. Input, output and terminal
/// are the child's own.
/// </summary>
internal static class Supervisor
{
    /// <summary>Set to 1, the tool runs in one process: for debuggers and profilers.</summary>
    public const string OptOutVariable = "QUANTIZE_IN_PROCESS";

    private const string Dotnet = "dotnet";

    /// <summary>
    /// Whether a child process would serve nothing: the arguments only ask for help or the version, or the user wants one process.
    /// </summary>
    public static bool IsNeedless(string[] args) =>
        Environment.GetEnvironmentVariable(OptOutVariable) == "1" || args.Any(arg => arg is "--help" or "-h" or "-?" or "--version");

    /// <summary>Runs the tool with the same arguments in a child process and waits for it.</summary>
    /// <returns>The child's exit code, or that of a failure where the child was ended by a signal.</returns>
    public static int Run(string[] args)
    {
        using AnonymousPipeServerStream orders = new(PipeDirection.Out, HandleInheritability.Inheritable);
        using AnonymousPipeServerStream notes = new(PipeDirection.In, HandleInheritability.Inheritable);
        using Process child = Process.Start(StartInfo(args, $"{orders.GetClientHandleAsString()} {notes.GetClientHandleAsString()}"))!;
        orders.DisposeLocalCopyOfClientHandle();
        notes.DisposeLocalCopyOfClientHandle();

        int cancellations = 0;
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel);
        WorkerNotes told = WorkerNotes.Read(notes);
        child.WaitForExit();
        if (ExitCode.IsOwn(child.ExitCode))
        {
            return child.ExitCode;
        }

        told.RemoveFolders();
        if (cancellations > 0)
        {
            return ExitCode.Cancelled;
        }

        ToolConsole.Attach().WriteError(CrashMessage.Of(child.ExitCode, told.Step, ProcessLimits.Current));
        return ExitCode.Failure;

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            cancellations++;
            try
            {
                orders.WriteByte(WorkerLink.Cancel);
            }
            catch (IOException)
            {
                // The child has just ended.
            }
        }
    }

    private static ProcessStartInfo StartInfo(string[] args, string handles)
    {
        string program = Environment.ProcessPath!;
        bool isHosted = Path.GetFileNameWithoutExtension(program) == Dotnet;
        ProcessStartInfo start =
            new(program, isHosted ? [Assembly.GetEntryAssembly()!.Location, .. args] : args) { UseShellExecute = false };
        start.Environment[WorkerLink.Variable] = handles;
        ReturnMemory(start.Environment);
        return start;
    }

    /// <summary>
    /// Lets the C library return freed memory to the system. ONNX Runtime's sessions come and go while a model is quantized, and without
    /// this the process keeps what each of them has freed. What the user sets stays; other systems than Linux ignore the variables.
    /// </summary>
    private static void ReturnMemory(IDictionary<string, string?> environment)
    {
        environment.TryAdd("MALLOC_ARENA_MAX", "2");
        environment.TryAdd("MALLOC_TRIM_THRESHOLD_", "67108864");
        environment.TryAdd("MALLOC_MMAP_THRESHOLD_", "33554432");
    }
}
