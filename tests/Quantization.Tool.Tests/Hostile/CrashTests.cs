using System.Diagnostics;
using System.Globalization;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>The work may crash or be killed: the user reads one line and finds every file as it was.</summary>
public sealed class CrashTests : IDisposable
{
    private readonly FashionFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ABRT", @"^ONNX Runtime crashed \(SIGABRT\) during the step 'Calibrating on ")]
    [InlineData("SEGV", @"^ONNX Runtime crashed \(SIG(SEGV|ABRT)\) during the step 'Calibrating on ")] // .NET aborts where the signal meets its own code
    [InlineData("KILL", "^the process was killed during the step 'Calibrating on ")]
    public void A_crash_of_the_work_is_one_line(string signal, string message)
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
                    // .NET catches the first of these signals and lets go of them: that is enough for native code that fails, which fails again.
                    int child = ChildOf(process.Id);
                    Signal(signal, child);
                    Thread.Sleep(50);
                    Signal(signal, child);
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
                    Signal("KILL", process.Id);
                }
            },
            "ptq", _folder.Model, "--data", _folder["many"], "--output", _folder.Output);

        child.Should().NotBe(0);
        SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{child}"), TimeSpan.FromSeconds(10)).Should().BeTrue("the child sees that nobody waits for it");
        File.Exists(_folder.Output).Should().BeFalse();
    }

    [Fact]
    public void One_process_does_the_work_where_the_user_wants_so()
    {
        int children = -1;

        ToolRun run = ToolRun.AsProcess(
            _folder.Path,
            new Dictionary<string, string> { ["QUANTIZE_IN_PROCESS"] = "1" },
            (process, line) => children = line.StartsWith("Calibrating", StringComparison.Ordinal) ? ChildrenOf(process.Id).Length : children,
            "ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        children.Should().Be(0);
    }

    private static void Signal(string name, int process)
    {
        using Process kill = Process.Start("kill", ["-" + name, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static int ChildOf(int process) => ChildrenOf(process).Should().ContainSingle().Subject;

    private static int[] ChildrenOf(int process) =>
    [
        .. Directory.GetDirectories($"/proc/{process}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
    ];
}
