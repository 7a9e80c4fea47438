using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Hosting;
using Quantization.Orleans;

namespace Quantization.Tool;

/// <summary><c>quantize worker</c>: works for other processes until it is ended.</summary>
internal static class WorkerCommand
{
    public const string Name = "worker";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Option<string> cluster = new(ClusterOption.Name)
        {
            Required = true,
            HelpName = "FOLDER",
            Description = "The folder that workers and clients share: they find each other there, and read models and samples from it. It "
                + "must exist. Anyone who can write to it can submit work.",
        };
        Option<int?> threads = new("--threads")
        {
            HelpName = "N",
            Description = "How many threads work. [default: one for each processor]",
            CustomParser = result => CommonOptions.ParseCount(result, "--threads", least: 1),
        };
        Option<string> address = new("--address")
        {
            HelpName = "IP",
            Description = "This machine's address for the others. Connections are not encrypted, so use a network that you trust. "
                + "[default: 127.0.0.1, for this machine alone]",
        };
        Option<bool> others = new("--allow-other-processors")
        {
            Description = "Work together with workers that have other processors, although results can then differ in their last bits.",
        };
        Command command = new(Name, "Does the work of commands with --cluster, on this machine or others, until you stop it.");
        foreach (Option option in (Option[])[cluster, threads, address, others])
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed => Run(
            console,
            parsed.GetRequiredValue(cluster),
            parsed.GetValue(threads),
            parsed.GetValue(address),
            parsed.GetValue(others),
            cancellation));
        return command;
    }

    private static int Run(
        ToolConsole console, string folder, int? threads, string? address, bool allowsOthers, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
        {
            throw new UsageException($"{ClusterOption.Name} {folder}: there is no such folder; make it, or mount it on this machine.");
        }

        IPAddress? own = address is null ? null : IPAddress.TryParse(address, out IPAddress? parsed) ? parsed
            : throw new UsageException($"--address '{address}' is no IP address, such as 10.0.0.7.");
        using IHost host = FolderCluster.BuildWorker(
            folder,
            options =>
            {
                options.Threads = threads ?? options.Threads;
                options.AllowOtherProcessors = allowsOthers;
                options.Notice = notice => console.WriteLine(
                    notice ?? $"Working for {folder} as '{options.Name}' with {Figures.Count(options.Threads, "thread")}; Ctrl-C ends it.");
            },
            own);
        try
        {
            host.RunAsync(cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // ended before it had begun
        }

        return ExitCode.Success;
    }
}
