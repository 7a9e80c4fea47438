using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Quantization.Onnx;

/// <summary>The process that owns a folder.</summary>
/// <param name="Machine">The machine's name.</param>
/// <param name="Process">The process's number.</param>
/// <param name="Started">When the process started, in seconds since 1970: numbers are used again.</param>
internal sealed record FolderOwner(string Machine, int Process, long Started)
{
    private const string Mark = "quantize";

    /// <summary>The system tells the start of a process in reference to its own, which a corrected clock moves.</summary>
    private const long LargestClockError = 60;

    /// <summary>This process.</summary>
    public static FolderOwner Current { get; } = new(
        Environment.MachineName, Environment.ProcessId, StartOf(System.Diagnostics.Process.GetCurrentProcess()));

    /// <summary>Reads what <see cref="ToText"/> wrote; null where the text is something else.</summary>
    public static FolderOwner? Parse(string text) =>
        text.Split('\n') is [Mark, { } machine, { } process, { } started, ""]
        && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
        && long.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out long start)
            ? new FolderOwner(machine, id, start)
            : null;

    /// <summary>The owner as text, a line for each property.</summary>
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"{Mark}\n{Machine}\n{Process}\n{Started}\n");

    /// <summary>Whether the process ran on this machine and has ended.</summary>
    public bool HasEnded()
    {
        if (Machine != Environment.MachineName)
        {
            return false;
        }

        try
        {
            using Process found = System.Diagnostics.Process.GetProcessById(Process);
            return Math.Abs(StartOf(found) - Started) > LargestClockError || IsZombie(Process);
        }
        catch (ArgumentException)
        {
            return true; // no process has this number
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or NotSupportedException)
        {
            return false; // the system hides the details of another user's process
        }
    }

    /// <summary>
    /// A process that has ended, but whose parent did not ask how, still has its number. In containers that may never happen.
    /// </summary>
    private static bool IsZombie(int process)
    {
        string status = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat");
        try
        {
            // The state follows the program's name in parentheses, which may hold anything.
            return OperatingSystem.IsLinux()
                && File.ReadAllText(status) is { } text
                && text[(text.LastIndexOf(')') + 1)..].TrimStart() is ['Z' or 'X', ..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long StartOf(Process process) => new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeSeconds();
}
