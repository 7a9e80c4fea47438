using System.Globalization;
using System.Runtime.InteropServices;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>The work may crash or be killed: the user reads one line and finds every file as it was.</summary>
public sealed class CrashTests : IDisposable
{
    private const int SignalAbort = 6, SignalKill = 9, SignalSegmentationFault = 11;

    private readonly FashionFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SignalAbort, @"^ONNX Runtime crashed \(SIGABRT\) during the step 'Calibrating on ")]
    // .NET may abort in its handler
    [InlineData(SignalSegmentationFault, @"^ONNX Runtime crashed \(SIG(SEGV|ABRT)\) during the step 'Calibrating on ")]
    [InlineData(SignalKill, "^the process was killed during the step 'Calibrating on ")]
    public void A_crash_of_the_work_is_one_line(int signal, string message)
    {
        File.WriteAllText(_folder.Output, "earlier");
        string[] before = _folder.Files();
        _folder.WriteImages("many", 0, 500);
        Directory.CreateDirectory(_folder["tmp"]);

        ToolRun run = ToolRun.AsProcess(
            _folder.Path,
            new Dictionary<string, string> { ["TMPDIR"] = _folder["tmp"], ["DOTNET_EnableDiagnostics"] = "0" },
            (process, line) =>
            {
                if (line.StartsWith("Calibrating", StringComparison.Ordinal))
                {
                    // .NET catches the first of these signals and lets go of them: that is enough for native code that fails, which fails
                    // again.
                    int child = ChildOf(process.Id), thread = NativeThreadOf(child);
                    for (int i = 0; i < 100 && SendToThread(child, thread, signal) == 0; i++)
                    {
                        Thread.Sleep(50);
                    }
                }
            },
            "ptq", _folder.Model, "--data", _folder["many"], "--output", _folder.Output);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().MatchRegex(message).And.Contain("No output was written.");
        Directory.Delete(_folder["many"], recursive: true);
        Directory.Delete(_folder["tmp"], recursive: true);
        _folder.Files().Should().Equal(before);
        File.ReadAllText(_folder.Output).Should().Be("earlier");
    }

    [Fact]
    public void The_work_ends_with_the_process_that_the_user_sees()
    {
        _folder.WriteImages("many", 0, 500);
        int child = 0;

        ToolRun.AsProcess(
            _folder.Path,
            new Dictionary<string, string>(),
            (process, line) =>
            {
                if (line.StartsWith("Calibrating", StringComparison.Ordinal))
                {
                    child = ChildOf(process.Id);
                    process.Kill();
                }
            },
            "ptq", _folder.Model, "--data", _folder["many"], "--output", _folder.Output);

        child.Should().NotBe(0);
        SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{child}"), TimeSpan.FromSeconds(10)).Should()
            .BeTrue("the child sees that nobody waits for it");
        File.Exists(_folder.Output).Should().BeFalse();
    }

    [Fact]
    public void One_process_does_the_work_where_the_user_wants_so()
    {
        int children = -1;

        ToolRun run = ToolRun.AsProcess(
            _folder.Path,
            new Dictionary<string, string> { ["QUANTIZE_IN_PROCESS"] = "1" },
            (process, line) => children = line.StartsWith("Calibrating", StringComparison.Ordinal)
                ? ChildrenOf(process.Id).Length
                : children,
            "ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        children.Should().Be(0);
    }

    /// <summary>A thread that never runs managed code: in managed code, .NET would turn SIGSEGV into a NullReferenceException.</summary>
    private static int NativeThreadOf(int process) => int.Parse(
        Path.GetFileName(Directory.GetDirectories($"/proc/{process}/task")
            .Should().ContainSingle(thread => NameOf(thread) == ".NET SynchManag").Subject),
        CultureInfo.InvariantCulture);

    private static string NameOf(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "comm")).Trim();
        }
        catch (IOException)
        {
            return ""; // the thread has ended
        }
    }

    [DllImport("libc", EntryPoint = "tgkill")]
    private static extern int SendToThread(int process, int thread, int signal);

    private static int ChildOf(int process) => ChildrenOf(process).Should().ContainSingle().Subject;

    private static int[] ChildrenOf(int process) =>
    [
        .. Directory.GetDirectories($"/proc/{process}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
    ];
}
