namespace Quantization.Onnx.Tests.Calibration;

/// <summary>Threads and groups change the time and the memory that calibration takes, never what it sees.</summary>
public sealed class ParallelCalibrationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Every_number_of_threads_gives_the_same_file(int threads)
    {
        SampleList samples = FashionExample.TrainingImages(0, 200);

        ModelCalibrator.Calibrate(FashionExample.ModelPath, samples, new CalibrationOptions { MaxDegreeOfParallelism = threads }).Save(_folder.PathTo("parallel.qcal"));
        FashionExample.Calibration.Save(_folder.PathTo("default.qcal"));

        samples.Enumerations.Should().Be(1);
        File.ReadAllBytes(_folder.PathTo("parallel.qcal")).Should().Equal(File.ReadAllBytes(_folder.PathTo("default.qcal")));
    }

    /// <summary>ONNX Runtime fuses other nodes where other values are handed out, which changes their last bits.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 100_000)]
    public void Groups_see_the_same_up_to_rounding(int threads, long bytes)
    {
        CalibrationOptions options = new() { MaxDegreeOfParallelism = threads, MaxActivationBytes = bytes };

        ModelCalibration grouped = ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 200), options);

        grouped.SampleCount.Should().Be(200);
        grouped.Activations.Keys.Should().Equal(FashionExample.Calibration.Activations.Keys);
        foreach ((string name, TensorStatistics seen) in grouped.Activations)
        {
            TensorStatistics whole = FashionExample.Calibration.Activations[name];
            seen.Count.Should().Be(whole.Count);
            float tolerance = 1e-5f * MathF.Max(whole.Max, -whole.Min);
            seen.Min.Should().BeApproximately(whole.Min, tolerance, name);
            seen.Max.Should().BeApproximately(whole.Max, tolerance, name);
        }
    }

    [Fact]
    public void The_first_bad_sample_is_named_however_many_threads_run()
    {
        ModelSample[] samples = [.. FashionExample.TrainingImages(0, 60)];
        foreach (int bad in (int[])[20, 21, 22, 40, 59])
        {
            samples[bad] = new ModelSample($"bad {bad}", SampleTensor.Create<float>("image", [1, 2], 2));
        }

        for (int repetition = 0; repetition < 5; repetition++)
        {
            FluentActions.Invoking(() => ModelCalibrator.Calibrate(FashionExample.ModelPath, new SampleList(samples), new CalibrationOptions { MaxDegreeOfParallelism = 8 }))
                .Should().Throw<InvalidDataException>().WithMessage("bad 20: *");
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Options_below_1_are_refused(int threads, long bytes) =>
        FluentActions.Invoking(() => new CalibrationOptions { MaxDegreeOfParallelism = threads, MaxActivationBytes = bytes }).Should().Throw<ArgumentOutOfRangeException>();
}
