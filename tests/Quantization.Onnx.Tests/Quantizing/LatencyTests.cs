namespace Quantization.Onnx.Tests.Quantizing;

public sealed class LatencyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Both_models_are_timed_on_the_first_sample_though_samples_are_read_once()
    {
        SampleList samples = FashionExample.TrainingImages(0, 3);

        PtqResult result = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, samples, _folder.PathTo("int8.onnx"), new PtqOptions { LatencyRuns = 7 });

        samples.Enumerations.Should().Be(1);
        result.Latency!.TimedRuns.Should().BeInRange(1, 7);
        result.Latency.Float.Should().BePositive();
        result.Latency.Ratio.Should().Be(result.Latency.Quantized / result.Latency.Float);
    }

    [Fact]
    public void Nothing_is_timed_where_the_runs_are_switched_off_or_there_is_no_sample()
    {
        ModelSample sample = FashionExample.TrainingImages(0, 1).First();
        PtqOptions off = new() { LatencyRuns = 0, LatencySample = sample };

        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.TrainingImages(0, 1), _folder.PathTo("int8.onnx"), off)
            .Latency.Should().BeNull();
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("int8.onnx")).Latency.Should()
            .BeNull();
        PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("int8.onnx"), off with { LatencyRuns = 1 })
            .Latency!.TimedRuns.Should().Be(1);
    }

    [Fact]
    public void A_negative_number_of_runs_is_refused() =>
        FluentActions.Invoking(() => new PtqOptions { LatencyRuns = -1 }).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void A_sample_that_does_not_fit_is_named_and_nothing_is_written()
    {
        ModelSample sample = new("wrong", SampleTensor.Create<float>("image", new float[4], 2, 2));
        Action quantize = () => PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("int8.onnx"), new PtqOptions { LatencySample = sample });

        quantize.Should().Throw<InvalidDataException>().WithMessage("wrong: input 'image' has shape [2, 2]*");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public void A_warning_of_an_earlier_measurement_goes_with_it()
    {
        PtqResult result = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("int8.onnx"));

        PtqResult slower = result.WithLatency(Milliseconds(1, 1.5));
        PtqResult slowest = slower.WithLatency(Milliseconds(2, 4));
        PtqResult faster = slowest.WithLatency(Milliseconds(1, 0.5));

        slower.Warnings.Except(result.Warnings).Should().ContainSingle()
            .Which.Message.Should().StartWith("int8 is slower than float on this machine: 1.500 ms against 1.000 ms per run. ");
        slowest.Warnings.Except(result.Warnings).Should().ContainSingle().Which.Message.Should().Contain("4.000 ms against 2.000 ms");
        faster.Warnings.Should().Equal(result.Warnings.Where(warning => warning.Code != AdviceCode.LatencyDisturbed));
        faster.Latency.Should().Be(Milliseconds(1, 0.5));
    }

    [Theory]
    [InlineData(1.0, 1.04, null)]
    [InlineData(1.0, 0.5, null)]
    [InlineData(5.0, 5.5, "Keep the nodes in float that int8 slows down (PtqOptions.FloatNodes)")]
    [InlineData(0.5, 0.6, "The model is too small")]
    public void The_cause_fits_the_measurement(double before, double after, string? expected)
    {
        PtqResult result = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("int8.onnx"));

        Advice? advice = SpeedAdvice.OfLatency(Milliseconds(before, after), result, hasExactProducts: true);

        if (expected is null)
        {
            advice.Should().BeNull();
        }
        else
        {
            advice!.Message.Should().Contain(expected);
            SpeedAdvice.OfLatency(Milliseconds(before, after), result, hasExactProducts: false)!.Message.Should()
                .Contain("no VNNI instructions");
            SpeedAdvice.OfLatency(
                Milliseconds(before, after),
                result with { ConversionReasons = [.. Enumerable.Repeat("to floats", 40)] },
                hasExactProducts: true)!
                .Message.Should().Contain("40 conversions between floats and codes cost more than 21 int8 nodes save");
        }
    }

    [Fact]
    public void A_model_that_stays_in_float_mostly_or_grows_is_warned_of()
    {
        PtqResult result = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("int8.onnx"));
        Dictionary<string, string> stayed = Enumerable.Range(0, 40)
            .ToDictionary(i => $"node {i}", i => i < 3 ? "one reason" : "another reason");

        SpeedAdvice.OfGraph(result, new HashSet<string>()).Should().BeEmpty();
        SpeedAdvice.OfGraph(result with { FloatNodes = stayed }, new HashSet<string>()).Should().ContainSingle().Which.Message.Should()
            .StartWith("Most nodes with weights stay in float, 40 beside ")
            .And.Contain("37 of them, such as 'node 3', because: another reason.");
        SpeedAdvice.OfGraph(result with { FloatNodes = stayed }, stayed.Keys.ToHashSet()).Should().BeEmpty();
        SpeedAdvice.OfGraph(result with { OutputBytes = result.ModelBytes + 1 }, new HashSet<string>()).Should()
            .ContainSingle().Which.Message.Should().StartWith("The int8 model is larger than the float model, 267483 against 267482 bytes");
        SpeedAdvice.OfGraph(result with { Int8Operators = new Dictionary<string, int>() }, new HashSet<string>()).Should()
            .ContainSingle().Which.Message.Should().StartWith("ONNX Runtime runs none of the quantized nodes in int8 here");
    }

    [Fact]
    public void Conversions_are_counted_by_their_kind()
    {
        PtqResult result = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("int8.onnx"));

        result.ConversionKinds.Should().Equal(new Dictionary<string, int> { ["floats to codes at an input"] = 1 });
        result.ConversionReasons.Should().HaveCount(1);
    }

    private static LatencyComparison Milliseconds(double before, double after) =>
        new(TimeSpan.FromMilliseconds(before), TimeSpan.FromMilliseconds(after), 5);
}
