using System.Diagnostics;
using Quantization.Onnx;
using Quantization.Onnx.Tests;
using Quantization.Onnx.Tests.RealModels;

namespace Quantization.Orleans.Tests;

/// <summary>Workers in processes of their own give what one process gives, whatever happens to them.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task The_recognizer_calibrates_to_the_same_bytes_on_one_two_and_three_workers()
    {
        using TemporaryFolder folder = new();
        string data = Directory.CreateDirectory(folder.PathTo("lines")).FullName;
        int number = 0;
        foreach (TextLine line in TextLine.Stream(24, 200))
        {
            ClusterFolder.Write(
                Path.Combine(data, $"{number++:000}.npy"),
                $"(3, {TextLine.Height}, {line.Width})",
                System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(line.Pixels));
        }

        ModelCalibrator.Calibrate(OcrModels.Recognizer, new SampleFolder(data)).Save(folder.PathTo("here.qcal"));
        byte[] expected = await File.ReadAllBytesAsync(folder.PathTo("here.qcal"));
        List<Child> workers = [];
        try
        {
            for (int count = 1; count <= 3; count++)
            {
                workers.Add(Child.Worker(folder.FullName));
                await workers[^1].WaitFor("welcome");
                await using FolderClusterClient client = await FolderCluster.ConnectAsync(folder.FullName, ClusterFolder.Patient);
                ModelCalibration calibration = await ModelCalibrator.CalibrateAsync(
                    OcrModels.Recognizer, (ISampleSource)new SampleFolder(data), new CalibrationOptions { Place = client.Place });

                calibration.Save(folder.PathTo("there.qcal"));
                (await File.ReadAllBytesAsync(folder.PathTo("there.qcal"))).AsSpan().SequenceEqual(expected).Should()
                    .BeTrue($"{count} workers see what one process sees");
                workers.Should().OnlyContain(worker => worker.Output.Contains("begins samples"));
                Directory.Delete(folder.PathTo("results"), recursive: true);
            }
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }
    }

    [Fact]
    public async Task A_search_and_a_partial_run_try_the_same_and_write_the_same_models()
    {
        using ClusterFolder folder = new(0);
        using Child first = Child.Worker(folder.Root), second = Child.Worker(folder.Root);
        await using FolderClusterClient client = await FolderCluster.ConnectAsync(folder.Root, ClusterFolder.Patient);
        SearchResult[] searches = [Search(null), Search(client.Place)];
        PartialResult[] partials = [Partial(null), Partial(client.Place)];

        searches[1].Trials.Select(trial => (trial.Name, trial.Score)).Should()
            .Equal(searches[0].Trials.Select(trial => (trial.Name, trial.Score)));
        partials[1].Written.Options.FloatNodes.Should().BeEquivalentTo(partials[0].Written.Options.FloatNodes);
        partials[1].ModelsRun.Should().Be(partials[0].ModelsRun);
        foreach (string kind in (string[])["search", "partial"])
        {
            File.ReadAllBytes(folder.PathTo($"{kind}-there.onnx")).Should().Equal(File.ReadAllBytes(folder.PathTo($"{kind}-here.onnx")));
        }

        first.Output.Should().Contain("begins a trial");
        second.Output.Should().Contain("begins a trial");

        SearchResult Search(IWorkPlace? place) => PtqSearch.Run(
            folder.Model,
            FashionExample.TrainingImages(0, 40),
            FashionExample.TestImages(0, 200),
            folder.PathTo(place is null ? "search-here.onnx" : "search-there.onnx"),
            new SearchOptions { PerTensorTrials = 2, Baseline = new PtqOptions { Place = place, Refine = false } });

        PartialResult Partial(IWorkPlace? place) => PartialQuantizer.Run(
            folder.Model,
            FashionExample.TrainingImages(0, 40),
            FashionExample.TestImages(0, 200),
            folder.PathTo(place is null ? "partial-here.onnx" : "partial-there.onnx"),
            new PartialOptions
            {
                Target = PartialTarget.MaxLoss(0),
                MaxTrials = 20,
                Baseline = new PtqOptions { Place = place, ActivationCalibrator = new MaxCalibrator(), Refine = false }
            });
    }

    [Fact]
    public async Task A_worker_that_is_killed_in_a_shard_changes_nothing_and_a_late_one_helps()
    {
        using ClusterFolder folder = new(96);
        byte[] expected = folder.Expected();
        using Child killed = Child.Worker(folder.Root, 400);
        await killed.WaitFor("welcome");
        Task<byte[]> calibrating = Task.Run(() => folder.Calibrate());
        await killed.WaitFor("begins samples", 2);
        killed.Kill();

        using Child late = Child.Worker(folder.Root, 0, "small");

        (await calibrating).Should().Equal(expected);
        late.Output.Should().Contain("begins samples");
        Directory.GetFiles(folder.PathTo("transfer")).Should().BeEmpty("results that went by the storage are taken from there");
    }

    [Fact]
    public async Task A_client_that_is_killed_goes_on_when_it_is_started_again()
    {
        using ClusterFolder folder = new(96);
        byte[] expected = folder.Expected();
        using Child worker = Child.Worker(folder.Root, 300);
        using Child killed = Child.Client(folder.Root, folder.Model, folder.Data, folder.Output);
        await worker.WaitFor("begins samples", 3);
        killed.Kill();

        using Child again = Child.Client(folder.Root, folder.Model, folder.Data, folder.Output);
        await again.WaitForExit();

        (await File.ReadAllBytesAsync(folder.Output)).Should().Equal(expected);
        worker.Output.Split("begins").Length.Should()
            .BeLessThanOrEqualTo(1 + 6 + 1, "of six shards just the one that ran when the client was killed may run again");
    }

    [Fact]
    public async Task A_worker_with_another_file_refuses_and_others_do_its_work()
    {
        using ClusterFolder folder = new(48);
        using TemporaryFolder other = new();
        byte[] expected = folder.Expected();
        foreach (string file in Directory.EnumerateFiles(folder.Data).Append(folder.Model))
        {
            string copy = other.PathTo(Path.GetRelativePath(folder.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file == folder.Model ? file : Path.Combine(folder.Data, "000.npy"), copy);
        }

        using Child stranger = Child.Worker(folder.Root, 0, other.FullName);
        await stranger.WaitFor("welcome");
        Func<Task> alone = () => folder.Calibrate();
        await alone.Should().ThrowAsync<IOException>().WithMessage("*: this worker has another file under this name, with SHA-256 *");

        using Child helper = Child.Worker(folder.Root);
        await helper.WaitFor("welcome");

        (await folder.Calibrate()).Should().Equal(expected);
    }

    [Fact]
    public async Task Nobody_waits_for_a_worker_that_is_twenty_times_slower()
    {
        using ClusterFolder folder = new(64);
        byte[] expected = folder.Expected();
        using Child slow = Child.Worker(folder.Root, 60_000), fast = Child.Worker(folder.Root, 1000);
        await slow.WaitFor("welcome");
        await fast.WaitFor("welcome");
        Stopwatch watch = Stopwatch.StartNew();
        ClusterStatus last = new([], 0, 0);

        (await folder.Calibrate(status: status => last = status)).Should().Equal(expected);

        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(60), "the slow worker's shard alone takes longer");
        slow.Output.Should().Contain("begins samples");
        last.Workers.Select(worker => worker.Items).Should().BeEquivalentTo([0, 4]);
    }

    [Fact]
    public async Task A_storage_folder_that_vanishes_is_named()
    {
        using ClusterFolder folder = new(32);
        string storage = Directory.CreateDirectory(folder.PathTo("storage")).FullName;
        using Child worker = Child.Worker(storage, 1500);
        await worker.WaitFor("welcome");
        await using FolderClusterClient client = await FolderCluster.ConnectAsync(storage, ClusterFolder.Patient);
        Task<ModelCalibration> calibrating = ModelCalibrator.CalibrateAsync(
            folder.Model, (ISampleSource)new SampleFolder(folder.Data), new CalibrationOptions { Place = client.Place });
        await worker.WaitFor("begins samples");

        Directory.Move(storage, storage + ".gone");

        Func<Task> waiting = () => calibrating;
        await waiting.Should().ThrowAsync<IOException>().WithMessage($"*{storage}*");
    }

    [Fact]
    public async Task Workers_with_other_processors_are_refused_unless_they_are_allowed()
    {
        using ClusterFolder folder = new(16);
        using Child first = Child.Worker(folder.Root);
        await first.WaitFor("welcome");

        using Child refused = Child.WorkerOfOldProcessor(folder.Root), allowed = Child.WorkerOfOldProcessor(folder.Root, "any");

        await refused.WaitFor("so results could differ in their last bits; start it on a machine like the others");
        await allowed.WaitFor("so results can differ in their last bits.");
        refused.Output.Should().NotContain("begins");
    }

    [Fact]
    public Task Three_kills_at_random_moments_change_nothing() => RandomKills.Run(3, TestContext.Current.SendDiagnosticMessage);
}
