using Microsoft.Extensions.Hosting;
using Quantization.Orleans;

namespace Quantization.Tool.Tests;

/// <summary>The tool with workers. Their faults are tested where workers are processes of their own.</summary>
public sealed class WorkerCommandTests
{
    [Fact]
    public async Task Commands_write_the_same_on_a_worker_and_tell_its_share()
    {
        using FashionFolder folder = new(24);
        string cluster = Directory.CreateDirectory(folder["cluster"]).FullName;
        using IHost worker = FolderCluster.BuildWorker(cluster, options => (options.Threads, options.Name) = (1, "helper"));
        await worker.StartAsync(TestContext.Current.CancellationToken);
        string[][] commands =
        [
            ["calibrate", "--state", "file"],
            ["ptq", "--output", "file"],
            ["search", "--output", "file"],
            ["partial", "--reach", "5", "--output", "file"],
        ];
        foreach (string[] command in commands)
        {
            string here = folder[$"{command[0]}.here"], there = folder[$"{command[0]}.there"];
            ToolRun alone = Run(command, here);

            ToolRun spread = await Task.Run(() => Run([.. command, "--cluster", cluster], there), TestContext.Current.CancellationToken);

            (alone.ExitCode, spread.ExitCode).Should().Be((0, 0), spread.Error);
            File.ReadAllBytes(there).Should().Equal(File.ReadAllBytes(here), command[0]);
            spread.Error.Should().Contain("Worker helper: 1 thread, ").And.Contain(command[0] == "ptq"
                ? "The workers had nothing to do: the folder of the cluster already has the results of an earlier run."
                : "Shares of the workers: helper 100 %.");
        }

        await worker.StopAsync(TestContext.Current.CancellationToken);

        ToolRun Run(string[] command, string output) => ToolRun.InProcess(
            [command[0], folder.Model, "--data", folder.Samples, .. command[1..].Select(word => word == "file" ? output : word)]);
    }

    [Theory]
    [InlineData("calibrate", "model.onnx", "--data", "samples", "--state", "a.qcal")]
    [InlineData("worker")]
    public void A_folder_that_is_missing_is_named(params string[] command)
    {
        using FashionFolder folder = new();
        string[] args = [.. command.Select(
            word => word switch { "model.onnx" => folder.Model, "samples" => folder.Samples, "a.qcal" => folder["a.qcal"], _ => word })];

        ToolRun run = ToolRun.InProcess([.. args, "--cluster", folder["missing"]]);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().StartWith($"--cluster {folder["missing"]}: there is no such folder; make it");
        File.Exists(folder["a.qcal"]).Should().BeFalse();
    }

    [Fact]
    public void An_address_that_is_none_is_refused()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("worker", "--cluster", Path.GetDirectoryName(folder.Model)!, "--address", "here");

        run.ErrorLine.Should().Be("--address 'here' is no IP address, such as 10.0.0.7.");
    }
}
