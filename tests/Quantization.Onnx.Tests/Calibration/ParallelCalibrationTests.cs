using System.Collections;

namespace Quantization.Onnx.Tests.Calibration;

/// <summary>Threads change the time and the memory that calibration takes, never what it sees.</summary>
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

        ModelCalibrator.Calibrate(FashionExample.ModelPath, samples, new CalibrationOptions { MaxDegreeOfParallelism = threads })
            .Save(_folder.PathTo("parallel.qcal"));
        FashionExample.Calibration.Save(_folder.PathTo("default.qcal"));

        samples.Enumerations.Should().Be(1);
        File.ReadAllBytes(_folder.PathTo("parallel.qcal")).Should().Equal(File.ReadAllBytes(_folder.PathTo("default.qcal")));
    }

    /// <summary>What memory holds while the last sample is read does not depend on how many were read before it.</summary>
    [Theory]
    [InlineData(10, 1)]
    [InlineData(500, 1)]
    [InlineData(10, 2)]
    [InlineData(500, 2)]
    public void Samples_are_let_go_once_they_are_seen(int count, int threads)
    {
        FleetingSamples samples = new(count);

        ModelCalibration calibration = ModelCalibrator.Calibrate(
            FashionExample.ModelPath, samples, new CalibrationOptions { MaxDegreeOfParallelism = threads });

        calibration.SampleCount.Should().Be(count);
        samples.AliveAtTheEnd.Should().BeLessThanOrEqualTo(threads + 1, "each thread may hold one, and the enumeration its current one");
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
            FluentActions.Invoking(() => ModelCalibrator.Calibrate(
                FashionExample.ModelPath, new SampleList(samples), new CalibrationOptions { MaxDegreeOfParallelism = 8 }))
                .Should().Throw<InvalidDataException>().WithMessage("bad 20: *");
        }
    }

    [Fact]
    public void No_thread_at_all_is_refused() =>
        FluentActions.Invoking(() => new CalibrationOptions { MaxDegreeOfParallelism = 0 }).Should().Throw<ArgumentOutOfRangeException>();

    /// <summary>Samples that are made when they are asked for, and counts those that somebody still holds when the last one is.</summary>
    private sealed class FleetingSamples(int count) : ISampleSource
    {
        private readonly List<WeakReference> _made = [];

        public int? Count => count;

        public int AliveAtTheEnd { get; private set; }

        public IEnumerator<ModelSample> GetEnumerator()
        {
            for (int i = 0; i < count; i++)
            {
                if (i == count - 1)
                {
                    GC.Collect();
                    AliveAtTheEnd = _made.Count(sample => sample.IsAlive);
                }

                yield return Make(i);
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private ModelSample Make(int number)
        {
            float[] pixels = new float[FashionExample.Pixels];
            Array.Fill(pixels, number % 10 / 10f);
            ModelSample sample = new($"{number}", SampleTensor.Create<float>("image", pixels, 1, 28, 28));
            _made.Add(new WeakReference(sample));
            return sample;
        }
    }
}
