namespace Quantization.Onnx.Tests.Spreading;

/// <summary>Workers give what this process gives, byte for byte.</summary>
public sealed class SpreadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SpreadTests() => Directory.CreateDirectory(Storage);

    private string Storage => _folder.PathTo("storage");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_calibration_has_the_same_bytes(int workers)
    {
        using RunnerPlace place = new(Storage, workers);
        ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 70)).Save(_folder.PathTo("here.qcal"));

        ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 70), new CalibrationOptions { Place = place })
            .Save(_folder.PathTo("there.qcal"));

        File.ReadAllBytes(_folder.PathTo("there.qcal")).Should().Equal(File.ReadAllBytes(_folder.PathTo("here.qcal")));
        place.Items.Select(item => item.Samples).Order().Should().Equal(6, 16, 16, 16, 16);
    }

    [Fact]
    public void Padding_is_left_out_as_in_this_process()
    {
        string model = PaddedModel.Make().Save(_folder.PathTo("padded.onnx"));
        SampleList samples = new([.. Enumerable.Range(0, 40).Select(i => PaddedModel.Pad(9, PaddedModel.Sentences(3 + i % 7, 2 + i % 5)))]);
        using RunnerPlace place = new(Storage, 2);
        ModelCalibration here = ModelCalibrator.Calibrate(model, samples);

        ModelCalibration there = ModelCalibrator.Calibrate(model, samples, new CalibrationOptions { Place = place });

        there.Padding!.MaskedPositions.Should().Be(here.Padding!.MaskedPositions).And.BePositive();
        SpreadCalibration.Write(there).Should().Equal(SpreadCalibration.Write(here));
    }

    [Fact]
    public void A_search_tries_the_same_and_writes_the_same_model()
    {
        using RunnerPlace place = new(Storage, 2);
        SearchOptions options = new()
        {
            ActivationCalibrators = [new MaxCalibrator(), new EntropyCalibrator()],
            WeightCalibrators = [new MaxCalibrator()],
            PerTensorTrials = 2,
            BatchSize = 20,
        };

        SearchResult here = Search(options, "here.onnx"),
            there = Search(options with { Baseline = options.Baseline with { Place = place } }, "there.onnx");

        File.ReadAllBytes(_folder.PathTo("there.onnx")).Should().Equal(File.ReadAllBytes(_folder.PathTo("here.onnx")));
        there.Trials.Select(trial => (trial.Name, trial.Score, trial.SameAs)).Should()
            .Equal(here.Trials.Select(trial => (trial.Name, trial.Score, trial.SameAs)));
        place.Items.Count(item => item.Kind == WorkKind.Trial).Should().BePositive().And.BeLessThanOrEqualTo(there.Trials.Count);
        Directory.GetFiles(Path.Combine(Storage, "files"), "*.*.onnx").Should().BeEmpty("models that were tried are deleted");
    }

    [Fact]
    public void Samples_in_the_storage_are_not_copied()
    {
        string data = Directory.CreateDirectory(Path.Combine(Storage, "data")).FullName, model = Path.Combine(Storage, "model.onnx");
        File.Copy(FashionExample.ModelPath, model);
        WriteArrays(data, 20);
        using RunnerPlace place = new(Storage, 1);

        ModelCalibrator.Calibrate(model, new SampleFolder(data), new CalibrationOptions { Place = place });

        Directory.Exists(Path.Combine(Storage, "files")).Should().BeFalse();
    }

    [Fact]
    public void A_worker_with_another_file_under_the_name_refuses()
    {
        string data = Directory.CreateDirectory(Path.Combine(Storage, "data")).FullName;
        string[] arrays = WriteArrays(data, 12);
        using RunnerPlace place = new(Storage, 1) { Before = _ => File.Copy(arrays[1], arrays[3], overwrite: true) };

        Action calibrate =
            () => ModelCalibrator.Calibrate(FashionExample.ModelPath, new SampleFolder(data), new CalibrationOptions { Place = place });

        calibrate.Should().Throw<IOException>()
            .WithMessage("*003.npy: this worker has another file under this name, with SHA-256 *give all machines the same storage*");
    }

    [Fact]
    public void What_a_killed_client_had_done_is_not_run_again()
    {
        string results = Path.Combine(Storage, "results");
        using RunnerPlace place = new(Storage, 1);
        place.Before = item =>
        {
            if (Directory.Exists(results) && Directory.GetFiles(results).Length >= 3)
            {
                throw new IOException($"{item}: killed");
            }
        };
        CalibrationOptions options = new() { Place = place };
        Action first = () => ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 100), options);
        first.Should().Throw<IOException>();
        int kept = Directory.GetFiles(results).Length;
        kept.Should().BeInRange(3, 6);
        place.Before = _ => { };
        place.Items.Clear();

        ModelCalibration calibration = ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 100), options);

        place.Items.Should().HaveCount(7 - kept);
        SpreadCalibration.Write(calibration).Should().Equal(
            SpreadCalibration.Write(ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 100))));
    }

    [Fact]
    public void Code_of_the_client_is_refused()
    {
        using RunnerPlace place = new(Storage, 1);
        ModelMetric own = ModelMetric.Create("own", outputs => outputs.Count());
        SearchOptions options = new() { Metric = own, Baseline = new PtqOptions { Place = place } };

        Action search = () => Search(options, "own.onnx");
        Action calibrate = () => ModelCalibrator.Calibrate(
            FashionExample.ModelPath,
            FashionExample.TrainingImages(0, 2),
            new CalibrationOptions { Place = place, SessionOptionsFactory = () => new() });

        search.Should().Throw<ArgumentException>().WithMessage("The metric 'own' is code of this process*");
        calibrate.Should().Throw<ArgumentException>().WithMessage("Options of sessions are code of this process*");
    }

    [Fact]
    public void A_storage_folder_that_vanishes_is_named()
    {
        using RunnerPlace place = new(Storage, 1) { Before = _ => Directory.Move(Storage, _folder.PathTo("gone")) };

        Action calibrate = () => ModelCalibrator.Calibrate(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 2), new CalibrationOptions { Place = place });

        calibrate.Should().Throw<IOException>().WithMessage($"{Storage}: the storage folder is missing*");
    }

    private static string[] WriteArrays(string folder, int count) =>
    [
        .. FashionExample.TrainingImages(0, count).Select((sample, i) =>
        {
            string path = Path.Combine(folder, $"{i:000}.npy");
            byte[] head = System.Text.Encoding.ASCII.GetBytes(
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 28, 28), }".PadRight(117) + "\n");
            File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, (byte)head.Length, 0, .. head, .. sample.Inputs[0].Data]);
            return path;
        }),
    ];

    private SearchResult Search(SearchOptions options, string output) => PtqSearch.Run(
        FashionExample.ModelPath, FashionExample.TrainingImages(0, 40), FashionExample.TestImages(0, 80), _folder.PathTo(output), options);
}
