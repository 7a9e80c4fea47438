using System.Globalization;
using Microsoft.Extensions.Hosting;
using Quantization.Onnx;

namespace Quantization.Orleans.Tests;

/// <summary>Runs the tests; or, where the first argument says so, a worker, a client, or random kills.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["worker", { } folder, { } delay, .. { } words]:
                await Work(folder, int.Parse(delay, CultureInfo.InvariantCulture), words);
                return 0;
            case ["client", { } folder, { } model, { } data, { } output]:
                await Calibrate(folder, model, data, output);
                return 0;
            case ["kills", { } count]:
                await RandomKills.Run(int.Parse(count, CultureInfo.InvariantCulture), Console.WriteLine);
                return 0;
            case [.. { } all] when all.Any(arg => arg is "--server" or "--internal-msbuild-node"):
                return await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(
                    args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
            default:
                return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
        }
    }

    /// <summary>Works until it is killed.</summary>
    /// <param name="folder">The folder of the cluster.</param>
    /// <param name="delay">How many milliseconds each item takes longer.</param>
    /// <param name="words">
    /// Another storage; <c>any</c> to allow other processors; <c>small</c> for results that are too large for messages.
    /// </param>
    private static async Task Work(string folder, int delay, string[] words)
    {
        using IHost host = FolderCluster.BuildWorker(folder, options =>
        {
            options.Threads = 1;
            options.WorkerTimeout = TimeSpan.FromSeconds(4);
            options.BeatPeriod = TimeSpan.FromSeconds(1);
            options.AllowOtherProcessors = words.Contains("any");
            options.MostMessageBytes = words.Contains("small") ? 1 : options.MostMessageBytes;
            options.Storage = words.FirstOrDefault(word => word is not ("any" or "small")) is { } other
                ? new WorkFolder(other)
                : options.Storage;
            options.Notice = notice => Console.WriteLine(notice ?? "welcome");
            options.Run = (runner, item, token) =>
            {
                Console.WriteLine($"begins {item}");
                token.WaitHandle.WaitOne(delay);
                token.ThrowIfCancellationRequested();
                return runner.Run(item, token);
            };
        });
        await host.RunAsync();
    }

    private static async Task Calibrate(string folder, string model, string data, string output)
    {
        await using FolderClusterClient client = await FolderCluster.ConnectAsync(folder, ClusterFolder.Patient);
        ModelCalibrator.Calibrate(model, new SampleFolder(data), new CalibrationOptions { Place = client.Place }).Save(output);
    }
}
