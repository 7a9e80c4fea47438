using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;

namespace Quantization.Orleans.Tests;

/// <summary>A process of the tests' own program, which can be killed at any time.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];

    private Child(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it wrote.</summary>
    public string Output => string.Join('\n', _lines);

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a worker of one thread.</summary>
    /// <param name="folder">The folder of the cluster.</param>
    /// <param name="delay">How many milliseconds each item takes longer.</param>
    /// <param name="words">Another storage; <c>any</c> to allow other processors.</param>
    public static Child Worker(string folder, int delay = 0, params string[] words) => new(Info(["worker", folder, $"{delay}", .. words]));

    /// <summary>Starts a worker whose processor lacks instructions, as far as .NET knows.</summary>
    public static Child WorkerOfOldProcessor(string folder, params string[] words)
    {
        ProcessStartInfo info = Info(["worker", folder, "0", .. words]);
        info.Environment["DOTNET_EnableAVX"] = "0";
        return new Child(info);
    }

    /// <summary>Starts a client that calibrates.</summary>
    public static Child Client(string folder, string model, string data, string output) =>
        new(Info(["client", folder, model, data, output]));

    /// <summary>Waits until it wrote something.</summary>
    public async Task WaitFor(string text, int times = 1)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (Output.Split(text).Length <= times)
        {
            (watch.Elapsed < TimeSpan.FromSeconds(150) && !_process.HasExited).Should()
                .BeTrue($"'{text}' was to be written, but there is: {Output}");
            await Task.Delay(20);
        }
    }

    /// <summary>Waits until it ended.</summary>
    public Task WaitForExit() => _process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(200)).Token);

    /// <summary>Ends it by SIGKILL: it has no chance to say so.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    private static ProcessStartInfo Info(string[] args)
    {
        string program = Environment.ProcessPath!;
        bool isHosted = Path.GetFileNameWithoutExtension(program) == "dotnet";
        ProcessStartInfo start = new(program, isHosted ? [Assembly.GetExecutingAssembly().Location, .. args] : args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredPGO"] = "0";
        return start;
    }
}
