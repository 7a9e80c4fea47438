using System.Collections;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx.Tests.Calibration;

public sealed class ModelCalibrationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_merged_equal_one_run_byte_for_byte()
    {
        ModelCalibration whole = ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 30));
        ModelCalibration second = ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(11, 19));
        second.Merge(ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 11)));

        whole.Save(_folder.PathTo("whole.qcal"));
        second.Save(_folder.PathTo("merged.qcal"));

        second.SampleCount.Should().Be(30);
        File.ReadAllBytes(_folder.PathTo("merged.qcal")).Should().Equal(File.ReadAllBytes(_folder.PathTo("whole.qcal")));
    }

    [Fact]
    public void A_saved_calibration_is_read_back_whole_and_quantizes_alike()
    {
        string path = _folder.PathTo("a.qcal");
        FashionExample.Calibration.Save(path);

        ModelCalibration loaded = ModelCalibration.Load(path);

        loaded.SampleCount.Should().Be(FashionExample.Calibration.SampleCount);
        loaded.ModelSha256.Should().Be(FashionExample.Calibration.ModelSha256).And.HaveLength(64);
        loaded.Activations.Keys.Should().Equal(FashionExample.Calibration.Activations.Keys);
        loaded.Activations.Values.Should().Equal(
            FashionExample.Calibration.Activations.Values, (actual, expected) => actual.ContentEquals(expected));
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("a.onnx"));
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, loaded, _folder.PathTo("b.onnx"));
        File.ReadAllBytes(_folder.PathTo("b.onnx")).Should().Equal(File.ReadAllBytes(_folder.PathTo("a.onnx")));
    }

    [Fact]
    public void Only_what_quantization_needs_is_observed()
    {
        // 1 input, 11 Clip, 6 projecting Conv, 2 Add, 1 pool; what Flatten hands on has the range of the pool's result.
        FashionExample.Calibration.Activations.Keys.Should().HaveCount(21)
            .And.Contain(["image", "features.stem/relu6", "features.b2/add", "pool"])
            .And.NotContain(["features.stem/bn", "flat", "logits"]);
        FashionExample.Calibration.Activations["image"].Count.Should().Be(200 * FashionExample.Pixels);
    }

    [Fact]
    public void Samples_are_read_once_and_one_at_a_time_and_the_state_does_not_grow()
    {
        string model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        List<string> events = [];
        Observer progress = new(events);

        ModelCalibration few = ModelCalibrator.Calibrate(model, ModelBuilder.LinearSamples(1));
        CalibrationOptions alone = new() { MaxDegreeOfParallelism = 1 };
        ModelCalibration many = ModelCalibrator.Calibrate(model, new Announcing(ModelBuilder.LinearSamples(50), events), alone, progress);

        events.Should().Equal(Enumerable.Range(0, 50).SelectMany(i => new[] { $"read {i}", $"done {i + 1}" }));
        few.Save(_folder.PathTo("few.qcal"));
        many.Save(_folder.PathTo("many.qcal"));
        new FileInfo(_folder.PathTo("many.qcal")).Length.Should()
            .BeLessThanOrEqualTo(few.Activations.Count * (2 * 4096 * sizeof(long) + 200));
        many.Activations["x"].Count.Should().Be(200);
    }

    [Fact]
    public void A_sample_may_hold_a_batch()
    {
        string model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        float[] rows = [1, 2, 3, 4, 5, 6, 7, 8];
        SampleList batch = new([new ModelSample("batch", SampleTensor.Create<float>("x", rows, 2, 4))]);
        SampleList single = new(
            [
                new ModelSample("a", SampleTensor.Create<float>("x", rows.AsSpan(0, 4), 4)),
                new ModelSample("b", SampleTensor.Create<float>("x", rows.AsSpan(4), 4))
            ]);

        ModelCalibrator.Calibrate(model, batch).Activations["x"].ContentEquals(ModelCalibrator.Calibrate(model, single).Activations["x"])
            .Should().BeTrue();
    }

    [Fact]
    public void Statistics_of_another_model_are_refused()
    {
        string model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        ModelCalibration other = ModelCalibrator.Calibrate(model, ModelBuilder.LinearSamples());

        FluentActions.Invoking(() => other.Merge(FashionExample.Calibration)).Should().Throw<ArgumentException>()
            .WithMessage($"The calibrations were made from different models, with SHA-256 {other.ModelSha256} and "
                + $"{FashionExample.Calibration.ModelSha256}; calibrate both shards on the same file.*");
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(model, FashionExample.Calibration, _folder.PathTo("out.onnx"))).Should()
            .Throw<OnnxModelException>()
            .WithMessage($"{model}: the calibration was made from another model, with SHA-256 {FashionExample.Calibration.ModelSha256}, "
                + $"not {other.ModelSha256}; calibrate this one, or give the model that was calibrated.");
        _folder.Entries.Should().Equal("model.onnx");
    }

    [Fact]
    public void Other_options_are_refused_and_nothing_is_merged()
    {
        string model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        ModelCalibration fine = ModelCalibrator.Calibrate(model, ModelBuilder.LinearSamples());
        ModelCalibration coarse = ModelCalibrator.Calibrate(
            model, ModelBuilder.LinearSamples(), new CalibrationOptions { BinsPerSign = 256 });

        FluentActions.Invoking(() => fine.Merge(coarse)).Should().Throw<ArgumentException>()
            .WithMessage("The calibrations observed different activations or count in different numbers of bins; *");
        fine.SampleCount.Should().Be(8);
        fine.Activations["x"].Count.Should().Be(32);
    }

    [Fact]
    public void A_damaged_file_never_loads()
    {
        string model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        string path = _folder.PathTo("a.qcal");
        ModelCalibrator.Calibrate(model, ModelBuilder.LinearSamples(), new CalibrationOptions { BinsPerSign = 16 }).Save(path);
        byte[] good = File.ReadAllBytes(path);

        for (int i = 0; i < good.Length; i++)
        {
            byte[] flipped = [.. good];
            flipped[i] ^= 0x10;
            File.WriteAllBytes(path, flipped);
            FluentActions.Invoking(() => ModelCalibration.Load(path)).Should().Throw<InvalidDataException>().WithMessage($"{path}: *");
            File.WriteAllBytes(path, good[..i]);
            FluentActions.Invoking(() => ModelCalibration.Load(path)).Should().Throw<InvalidDataException>().WithMessage($"{path}: *");
        }
    }

    /// <summary>An activation that has seen nothing takes some 80 bytes in a file, and a megabyte in memory where it says so.</summary>
    [Fact]
    public void A_file_of_nothing_but_bins_to_come_is_refused()
    {
        using MemoryStream content = new();
        using BinaryWriter writer = new(content);
        writer.Write("QCAL"u8);
        writer.Write(1);
        writer.Write(new byte[32]);
        writer.Write(1L);
        writer.Write(2000);
        for (int i = 0; i < 2000; i++)
        {
            writer.Write(sizeof(int));
            writer.Write(Encoding.ASCII.GetBytes($"{i:0000}"));
            new TensorStatistics(65536).Save(content);
        }

        string path = _folder.PathTo("hostile.qcal");
        File.WriteAllBytes(path, [.. content.ToArray(), .. SHA256.HashData(content.ToArray())]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        FluentActions.Invoking(() => ModelCalibration.Load(path)).Should().Throw<InvalidDataException>()
            .WithMessage($"{path}: the calibration file is truncated or damaged; calibrate again, or delete the file where a run kept it.");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(200_000_000, "2 GB were claimed");
    }

    [Fact]
    public void Other_files_are_distinguished()
    {
        string path = _folder.PathTo("a.qcal");
        FluentActions.Invoking(() => ModelCalibration.Load(path)).Should()
            .Throw<FileNotFoundException>().WithMessage($"{path}: there is no such calibration file.");
        File.WriteAllText(path, "something else");
        FluentActions.Invoking(() => ModelCalibration.Load(path)).Should()
            .Throw<InvalidDataException>().WithMessage($"{path}: this is not a calibration file.");
        File.WriteAllBytes(path, [.. "QCAL"u8, 99, 0, 0, 0]);
        FluentActions.Invoking(() => ModelCalibration.Load(path)).Should()
            .Throw<InvalidDataException>().WithMessage($"{path}: the calibration file has version 99, this library reads 1 to 3; *");
    }

    private sealed class Observer(List<string> events) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value)
        {
            if (value.Stage == QuantizationStage.Calibrating)
            {
                events.Add($"done {value.Completed}");
            }
        }
    }

    /// <summary>Notes when each sample is asked for.</summary>
    private sealed class Announcing(SampleList samples, List<string> events) : ISampleSource
    {
        public int? Count => null;

        public IEnumerator<ModelSample> GetEnumerator()
        {
            int index = 0;
            foreach (ModelSample sample in samples)
            {
                events.Add($"read {index++}");
                yield return sample;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
