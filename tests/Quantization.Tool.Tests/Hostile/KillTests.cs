using System.Diagnostics;
using System.Globalization;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>
/// Killed at random moments, a run leaves its output as it was or whole; the same command then gives the same bytes as without, and nothing else is left. <c>QUANTIZE_TEST_KILLS</c> sets how often each command is
/// killed; 3 by default.
/// </summary>
public sealed class KillTests : IDisposable
{
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("QUANTIZE_TEST_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 3;

    private readonly FashionFolder _folder = new(images: 12);

    public KillTests() => Directory.CreateDirectory(_folder["tmp"]);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ptq")]
    [InlineData("search")]
    [InlineData("partial", "--reach", "40", "--ranking-samples", "4")]
    public void A_killed_run_leaves_old_or_new_files(string command, params string[] more)
    {
        long start = Stopwatch.GetTimestamp();
        string[] args = [command, _folder.Model, "--data", _folder.Samples, .. more];
        Run([.. args, "--output", _folder["undisturbed.onnx"]]).Should().BeOneOf(0, 3);
        TimeSpan duration = Stopwatch.GetElapsedTime(start);
        byte[] wanted = File.ReadAllBytes(_folder["undisturbed.onnx"]);
        string[] before = [.. _folder.Files(), "model.int8.onnx"];
        Random random = new(7);
        for (int i = 0; i < Kills; i++)
        {
            File.WriteAllText(_folder.Output, "earlier");

            Run([.. args, "--output", _folder.Output], killAfter: duration * random.NextDouble());

            byte[] left = File.ReadAllBytes(_folder.Output);
            (left.SequenceEqual("earlier"u8.ToArray()) || left.SequenceEqual(wanted)).Should().BeTrue("a file is old or new, but this one has {0} bytes", left.Length);
        }

        Run([.. args, "--output", _folder.Output]).Should().BeOneOf(0, 3);

        File.ReadAllBytes(_folder.Output).Should().Equal(wanted);
        _folder.Files().Should().BeEquivalentTo(before);
    }

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
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Quantization.Tool.dll"), .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
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
