namespace Quantization.Onnx.Tests.Rounding;

/// <summary>Codes of layers that an interrupted run leaves for the next one.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model = SharedFolder.Models("stories260K", "model.onnx");
    private readonly SampleList _samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(6)]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_interrupted_run_goes_on_and_ends_with_the_same_bytes()
    {
        WeightOnlyOptions options = new() { Bits = 4, Method = WeightMethod.Gptq };
        byte[] wanted = File.ReadAllBytes(
            WeightQuantizer.Quantize(_model, _samples, _folder.PathTo("undisturbed.onnx"), options).OutputPath);
        options = options with { ResumePath = _folder.PathTo("kept") };
        foreach (int layers in (int[])[5, 12, 30])
        {
            using CancellationTokenSource source = new();
            StopAt stop = new(layers, source);
            Action interrupted = () => WeightQuantizer.Quantize(_model, _samples, _folder.PathTo("out.onnx"), options, stop, source.Token);

            interrupted.Should().Throw<OperationCanceledException>();
            Directory.EnumerateFileSystemEntries(options.ResumePath!).Should().HaveCount(layers);
            File.Exists(_folder.PathTo("out.onnx")).Should().BeFalse();
        }

        PtqResult last = WeightQuantizer.Quantize(_model, _samples, _folder.PathTo("out.onnx"), options);

        last.ResumedLayers.Should().Be(30);
        File.ReadAllBytes(last.OutputPath).Should().Equal(wanted);
        last.RoundedLayers.Should().Equal(
            WeightQuantizer.Quantize(_model, _samples, _folder.PathTo("out.onnx"), options with { ResumePath = null }).RoundedLayers);
    }

    [Fact]
    public void Damaged_codes_are_made_again()
    {
        WeightOnlyOptions options = new() { Bits = 4, ResumePath = _folder.PathTo("kept") };
        byte[] wanted = File.ReadAllBytes(WeightQuantizer.Quantize(_model, _folder.PathTo("out.onnx"), options).OutputPath);
        string[] kept = [.. Directory.EnumerateFiles(options.ResumePath!).Order()];
        kept.Should().HaveCount(37);
        File.WriteAllBytes(kept[0], File.ReadAllBytes(kept[0])[..^1]);
        File.WriteAllBytes(kept[1], []);
        byte[] changed = File.ReadAllBytes(kept[2]);
        changed[100] ^= 1;
        File.WriteAllBytes(kept[2], changed);
        byte[] other = File.ReadAllBytes(kept[3]);
        other[0] ^= 1;
        File.WriteAllBytes(kept[3], other);

        PtqResult again = WeightQuantizer.Quantize(_model, _folder.PathTo("again.onnx"), options);

        again.ResumedLayers.Should().Be(33);
        File.ReadAllBytes(again.OutputPath).Should().Equal(wanted);
        WeightQuantizer.Quantize(_model, _folder.PathTo("again.onnx"), options).ResumedLayers.Should().Be(37);
    }

    [Fact]
    public void Other_ways_and_samples_give_other_codes()
    {
        WeightOnlyOptions options = new() { Bits = 4, ResumePath = _folder.PathTo("kept"), Method = WeightMethod.Weighted };
        WeightQuantizer.Quantize(_model, _samples, _folder.PathTo("out.onnx"), options).ResumedLayers.Should().Be(0);
        SampleList fewer = new([.. _samples.Take(5)]);

        // The table has codes of its own, which samples say nothing of.
        foreach ((WeightOnlyOptions other, SampleList samples) in ((WeightOnlyOptions, SampleList)[])[
            (options with { Method = WeightMethod.Gptq }, _samples), (options, fewer),
            (options with { WeightCalibrator = new MaxCalibrator() }, _samples)])
        {
            int expected = other.WeightCalibrator is MaxCalibrator ? 0 : 1;
            WeightQuantizer.Quantize(_model, samples, _folder.PathTo("out.onnx"), other).ResumedLayers.Should().Be(expected);
        }

        WeightQuantizer.Quantize(_model, _samples, _folder.PathTo("out.onnx"), options with { AccuracyLevel = 0 }).ResumedLayers.Should()
            .Be(37, "the accuracy level changes no code");
        WeightQuantizer.Quantize(_model, _samples, _folder.PathTo("out.onnx"), options with { BlockSize = 16 }).ResumedLayers.Should()
            .Be(0);
    }

    /// <summary>Cancels once so many layers are done.</summary>
    private sealed class StopAt(int layers, CancellationTokenSource source) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value)
        {
            if (value.Stage == QuantizationStage.Quantizing && value.Completed == layers)
            {
                source.Cancel();
            }
        }
    }
}
