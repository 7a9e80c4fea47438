using System.Diagnostics;
using System.Globalization;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>
/// A run that is killed at random moments goes on from what it keeps. <c>QUANTIZE_TEST_KILLS</c> sets how often it is killed; 3 by default.
/// The command <c>kills</c> of Quantization.Fuzz kills every command of the tool.
/// </summary>
public sealed class KillTests : IDisposable
{
    private static readonly int Kills =
        int.TryParse(Environment.GetEnvironmentVariable("QUANTIZE_TEST_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 3;

    private readonly FashionFolder _folder = new(images: 12);

    public KillTests() => Directory.CreateDirectory(_folder["tmp"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_killed_run_goes_on_from_the_layers_that_are_done()
    {
        string kept = _folder["kept"], undisturbed = _folder["undisturbed.onnx"];
        string[] args = ["weights", _folder.Model, "--bits", "4", "--block", "16", "--method", "gptq", "--data", _folder.Samples];
        long start = Stopwatch.GetTimestamp();
        Run([.. args, "--output", undisturbed]).Should().Be(0);
        TimeSpan duration = Stopwatch.GetElapsedTime(start);
        Random random = new(11);
        for (int i = 0; i < Kills; i++)
        {
            Run([.. args, "--resume", kept, "--output", _folder.Output], killAfter: duration * random.NextDouble());
        }

        Run([.. args, "--resume", kept, "--output", _folder.Output]).Should().Be(0);

        File.ReadAllBytes(_folder.Output).Should().Equal(File.ReadAllBytes(undisturbed));
        Directory.EnumerateFileSystemEntries(kept).Should().ContainSingle("the model multiplies one matrix, and nothing half written stays")
            .Which.Should().EndWith(".qlayer");
        File.Delete(_folder.Output);
        ToolRun again = ToolRun.InProcess([.. args, "--resume", kept, "--output", _folder.Output, "--quiet"]);
        again.Output.Should().Contain("1 layer known from an earlier run.");
    }

    /// <summary>Runs the tool, perhaps not to its end.</summary>
    private int Run(string[] args, TimeSpan? killAfter = null)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Quantization.Tool.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment["TMPDIR"] = _folder["tmp"];
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // the runtime's own files there are not removed when it is killed
        using Process process = Process.Start(start)!;
        if (killAfter is { } delay)
        {
            Thread.Sleep(delay);
            process.Kill(); // this process alone, not its child
        }

        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        process.StandardOutput.ReadToEnd(); // ends when the child has ended too
        error.Wait(TestContext.Current.CancellationToken);
        process.WaitForExit();
        return process.ExitCode;
    }
}
