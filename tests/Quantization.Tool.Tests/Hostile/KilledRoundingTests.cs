using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>Rounding of many layers whose processes are killed while they keep finished layers.</summary>
public sealed partial class KilledRoundingTests : IDisposable
{
    private const int Kills = 5, Layers = 37, Samples = 6, Sigkill = 9;

    private readonly TemporaryFolder _folder = new();

    private readonly Dictionary<string, string> _environment;

    public KilledRoundingTests() => _environment = new Dictionary<string, string>
    {
        ["TMPDIR"] = Directory.CreateDirectory(_folder.PathTo("tmp")).FullName,
        ["DOTNET_EnableDiagnostics"] = "0", // a killed process leaves the runtime's own files there
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_that_is_killed_five_times_ends_with_the_same_bytes()
    {
        string texts = Directory.CreateDirectory(_folder.PathTo("texts")).FullName;
        foreach (string sample in Directory.EnumerateFiles(SharedFolder.Models("stories260K", "calibrate")).Order().Take(Samples))
        {
            File.Copy(sample, Path.Combine(texts, Path.GetFileName(sample)));
        }

        string kept = _folder.PathTo("kept"), whole = _folder.PathTo("whole.onnx"), output = _folder.PathTo("out.onnx");
        string[] arguments =
            ["weights", SharedFolder.Models("stories260K", "model.onnx"), "--bits", "4", "--method", "gptq", "--data", texts, "--quiet"];
        ToolRun undisturbed = ToolRun.InProcess([.. arguments, "--output", whole]);
        undisturbed.ExitCode.Should().Be(0, undisturbed.Error);
        byte[] wanted = File.ReadAllBytes(whole);
        Random random = new(5);
        for (int kill = 1, before = 0; kill <= Kills; kill++)
        {
            int layers = Math.Max(before + 1, kill * Layers / (Kills + 2));
            KillAfter(kept, layers, random.Next(10), [.. arguments, "--resume", kept, "--output", output]);

            int now = CountKept(kept);
            now.Should().BeGreaterThanOrEqualTo(Math.Min(layers, Layers), "a run goes on where the one before it was killed");
            (!File.Exists(output) || File.ReadAllBytes(output).SequenceEqual(wanted)).Should().BeTrue("an output is whole or not there");
            before = now;
        }

        int done = CountKept(kept);
        ToolRun last = ToolRun.AsProcess(_folder.FullName, _environment, null, [.. arguments, "--resume", kept, "--output", output]);

        last.ExitCode.Should().Be(0, last.Error);
        Match known = KnownLayers().Match(last.Output);
        known.Success.Should().BeTrue(last.Output);
        int.Parse(known.Groups[1].ValueSpan, CultureInfo.InvariantCulture).Should().Be(done);
        CountKept(kept).Should().Be(Layers);
        File.ReadAllBytes(output).Should().Equal(wanted);
    }

    /// <summary>Kills the tool and its worker with SIGKILL, a while after so many layers are kept.</summary>
    private void KillAfter(string kept, int layers, int milliseconds, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Quantization.Tool.dll"), .. arguments])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in _environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        while (!process.HasExited && CountKept(kept) < layers)
        {
            Thread.Sleep(1);
        }

        Thread.Sleep(milliseconds);
        process.Kill(entireProcessTree: true);
        Task.WaitAll([output, error], TestContext.Current.CancellationToken); // they end when the worker has ended too
        process.WaitForExit();
        process.ExitCode.Should().BeOneOf(
            [0, 128 + Sigkill], "a slow machine may kill it too late, but it wrote: {0}{1}", output.Result, error.Result);
    }

    private static int CountKept(string folder) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.qlayer").Count() : 0;

    [GeneratedRegex(@"\b(\d+) layers known from an earlier run\.")]
    private static partial Regex KnownLayers();
}
