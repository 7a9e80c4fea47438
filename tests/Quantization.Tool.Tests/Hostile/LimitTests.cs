using System.Diagnostics;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>The system gives the tool too little: the user reads what, and how to raise the limit.</summary>
public sealed class LimitTests : IDisposable
{
    private readonly FashionFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(64)]
    [InlineData(127)]
    public void Too_few_file_handles(int handles)
    {
        string[] before = _folder.Files();
        ProcessStartInfo start = new(
            "sh", ["-c", $"ulimit -n {handles}; exec \"$@\"", "sh", "dotnet",
                Path.Combine(AppContext.BaseDirectory, "Quantization.Tool.dll"), "dynamic", _folder.Model, "--output", _folder.Output])
        {
            RedirectStandardError = true,
        };

        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();

        error.Should().Be(
            $"error: a process may open {handles} files at a time here, which is too few; raise the limit, as with 'ulimit -n 1024'.\n");
        process.ExitCode.Should().Be(ExitCode.Failure);
        _folder.Files().Should().Equal(before);
    }

    [Theory]
    [InlineData(
        "256",
        "unlimited",
        null,
        " A process may open 256 files at a time here, which may be why; raise the limit, as with 'ulimit -n 1024'.")]
    [InlineData(
        "1024",
        "1073741824",
        null,
        " The memory of a process is limited here (ulimit -v), which may be why; raise the limit, or use fewer threads.")]
    [InlineData(
        "unlimited",
        "unlimited",
        "0x800000",
        " The memory of a process is limited here (DOTNET_GCHeapHardLimit), which may be why; raise the limit, or use fewer threads.")]
    [InlineData("1024", "unlimited", null, "")]
    public void A_crash_under_a_limit_names_it(string handles, string addresses, string? managed, string hint)
    {
        string[] lines =
        [
            "Limit                     Soft Limit           Hard Limit           Units     ",
            $"Max open files            {handles,-20} 524288               files     ",
            $"Max address space         {addresses,-20} unlimited            bytes     ",
        ];

        ProcessLimits limits = ProcessLimits.Parse(lines, managed);

        limits.Obstacle.Should().BeNull();
        CrashMessage.Of(139, "Measuring", limits).Should()
            .StartWith("ONNX Runtime crashed (SIGSEGV) during the step 'Measuring'.").And.EndWith("in another way." + hint);
    }

    [Fact]
    public void A_failure_tells_what_was_kept()
    {
        RunState state = new(null, _folder.Output);
        Action fail = () => state.KeepWhenCancelled(() =>
        {
            File.WriteAllText(state.CalibrationPath, "a calibration");
            throw new IOException("The disk is full.");
        });

        IOException exception = fail.Should().Throw<IOException>().Which;

        RunState.KeptBy(exception).Should()
            .Be($" {state.CalibrationPath} holds what was done so far: the same command goes on from there.");
        RunState.KeptBy(new IOException("another")).Should().BeEmpty();
    }
}
