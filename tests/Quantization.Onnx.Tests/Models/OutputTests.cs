namespace Quantization.Onnx.Tests.Models;

/// <summary>An output appears whole or not at all, and an existing one is never lost.</summary>
public sealed class OutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly string _output;

    public OutputTests()
    {
        _model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        _output = _folder.PathTo("out.onnx");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_existing_output_is_replaced_on_success()
    {
        File.WriteAllText(_output, "the old one");
        PtqResult result = PostTrainingQuantizer.Quantize(_model, ModelBuilder.LinearSamples(), _output);
        new FileInfo(_output).Length.Should().Be(result.OutputBytes);
        _folder.Entries.Should().Equal("model.onnx", "out.onnx");
    }

    [Fact]
    public void An_existing_output_stays_when_calibration_fails()
    {
        File.WriteAllText(_output, "the old one");
        SampleList samples = new(
            [ModelBuilder.LinearSamples(1).Single(), new ModelSample("bad.npy", SampleTensor.Create<float>("x", [1, 2, 3], 3))]);

        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(_model, samples, _output)).Should()
            .Throw<InvalidDataException>().WithMessage("bad.npy: *");

        File.ReadAllText(_output).Should().Be("the old one");
        _folder.Entries.Should().Equal("model.onnx", "out.onnx");
    }

    [Theory]
    [InlineData(QuantizationStage.Preparing)]
    [InlineData(QuantizationStage.Calibrating)]
    [InlineData(QuantizationStage.Quantizing)]
    [InlineData(QuantizationStage.Inspecting)]
    public void Cancelling_at_any_stage_leaves_nothing(QuantizationStage stage)
    {
        File.WriteAllText(_output, "the old one");
        using CancellationTokenSource source = new();
        Progress progress = new(report =>
        {
            if (report.Stage == stage)
            {
                source.Cancel();
            }
        });

        FluentActions.Invoking(
            () => PostTrainingQuantizer.Quantize(_model, ModelBuilder.LinearSamples(), _output, null, progress, source.Token)).Should()
            .Throw<OperationCanceledException>();

        File.ReadAllText(_output).Should().Be("the old one");
        _folder.Entries.Should().Equal("model.onnx", "out.onnx");
    }

    [Fact]
    public void Progress_reports_each_stage_and_sample()
    {
        List<QuantizationProgress> reports = [];
        PostTrainingQuantizer.Quantize(
            _model, ModelBuilder.LinearSamples(2), _output, null, new Progress(reports.Add), CancellationToken.None);
        reports.Should().Equal(
            new(QuantizationStage.Preparing, 0, null),
            new(QuantizationStage.Calibrating, 0, 2),
            new(QuantizationStage.Calibrating, 1, 2),
            new(QuantizationStage.Calibrating, 2, 2),
            new(QuantizationStage.Quantizing, 0, null),
            new(QuantizationStage.Inspecting, 0, null),
            new(QuantizationStage.Measuring, 0, null));
    }

    [Fact]
    public void A_missing_folder_is_made()
    {
        string output = _folder.PathTo(Path.Combine("new", "deep", "out.onnx"));
        PostTrainingQuantizer.Quantize(_model, ModelBuilder.LinearSamples(), output);
        File.Exists(output).Should().BeTrue();
    }

    [Fact]
    public void A_file_where_the_folder_should_be_is_an_error_before_any_sample_runs()
    {
        string output = Path.Combine(_model, "out.onnx");
        SampleList samples = ModelBuilder.LinearSamples();
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(_model, samples, output))
            .Should().Throw<IOException>()
            .WithMessage($"{output}: cannot write this file; make room or choose a folder that can be written to (*");
        samples.Enumerations.Should().Be(0);
    }

    [Fact]
    public void A_folder_is_no_output()
    {
        Directory.CreateDirectory(_output);
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(_model, ModelBuilder.LinearSamples(), _output))
            .Should().Throw<IOException>().WithMessage($"{_output}: cannot write here, this is a folder; name a file in it.");
    }

    [Fact]
    public void The_model_is_not_overwritten()
    {
        byte[] before = File.ReadAllBytes(_model);
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(_model, ModelBuilder.LinearSamples(), _folder.PathTo("./model.onnx")))
            .Should().Throw<ArgumentException>().WithMessage("*this is the float model itself, which would be lost; name another output.*");
        File.ReadAllBytes(_model).Should().Equal(before);
    }

    [Fact]
    public void A_write_that_fails_half_way_keeps_the_old_file()
    {
        File.WriteAllText(_output, "the old one");
        using (AtomicFile file = AtomicFile.Create(_output))
        {
            FluentActions.Invoking(() => file.Commit(stream =>
            {
                stream.Write(new byte[100_000]);
                throw new IOException("No space left on device");
            })).Should().Throw<IOException>().WithMessage(
                $"{_output}: cannot write this file; make room or choose a folder that can be written to (No space left on device)");
        }

        File.ReadAllText(_output).Should().Be("the old one");
        _folder.Entries.Should().Equal("model.onnx", "out.onnx");
    }

    /// <summary>Reports at once, on the caller's thread.</summary>
    private sealed class Progress(Action<QuantizationProgress> report) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => report(value);
    }
}
