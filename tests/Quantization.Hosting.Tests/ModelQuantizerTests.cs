using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Quantization.Onnx;

namespace Quantization.Hosting.Tests;

public sealed class ModelQuantizerTests
{
    [Fact]
    public async Task Static_int8_is_what_the_library_writes()
    {
        using Bench bench = new(options => options.Static = options.Static with { ActivationCalibrator = new EntropyCalibrator() });

        await bench.Quantizer.QuantizeAsync(Bench.Model, Bench.Samples(8), bench.Folder.PathTo("hosted.onnx"));

        PostTrainingQuantizer.Quantize(
            Bench.Model,
            Bench.Samples(8),
            bench.Folder.PathTo("direct.onnx"),
            new PtqOptions { ActivationCalibrator = new EntropyCalibrator(), LatencyRuns = 0 });
        File.ReadAllBytes(bench.Folder.PathTo("hosted.onnx")).Should().Equal(File.ReadAllBytes(bench.Folder.PathTo("direct.onnx")));
    }

    [Fact]
    public async Task Samples_may_arrive_one_by_one()
    {
        using Bench bench = new(_ => { });
        IModelQuantizer quantizer = bench.Quantizer;

        await quantizer.QuantizeAsync(Bench.Model, Bench.Samples(4), bench.Folder.PathTo("list.onnx"));
        await quantizer.QuantizeAsync(
            Bench.Model, Enumerable.Range(0, 4).Select(Bench.Sample).ToAsyncEnumerable(), bench.Folder.PathTo("stream.onnx"));

        File.ReadAllBytes(bench.Folder.PathTo("stream.onnx")).Should().Equal(File.ReadAllBytes(bench.Folder.PathTo("list.onnx")));
    }

    [Theory]
    [InlineData(QuantizationWay.DynamicInt8)]
    [InlineData(QuantizationWay.WeightsInt8)]
    [InlineData(QuantizationWay.WeightsInt4)]
    [InlineData(QuantizationWay.Half)]
    public async Task Ways_without_samples_are_what_the_library_writes(QuantizationWay way)
    {
        using Bench bench = new(options => options.Way = way);

        await bench.Quantizer.QuantizeAsync(Bench.Model, bench.Folder.PathTo("hosted.onnx"));

        string direct = bench.Folder.PathTo("direct.onnx");
        _ = way switch
        {
            QuantizationWay.DynamicInt8 => DynamicQuantizer.Quantize(Bench.Model, direct),
            QuantizationWay.WeightsInt8 => WeightQuantizer.Quantize(Bench.Model, direct),
            QuantizationWay.WeightsInt4 => WeightQuantizer.Quantize(Bench.Model, direct, new WeightOnlyOptions { Bits = 4 }),
            _ => HalfPrecisionConverter.Convert(Bench.Model, direct),
        };
        File.ReadAllBytes(bench.Folder.PathTo("hosted.onnx")).Should().Equal(File.ReadAllBytes(direct));
    }

    [Fact]
    public async Task Logs_tell_a_call_with_values()
    {
        using Bench bench = new(_ => { });
        string output = bench.Folder.PathTo("int8.onnx");
        ModelSample black = new("black", SampleTensor.Create<float>("image", new float[28 * 28], 1, 28, 28));

        PtqResult result = await bench.Quantizer.QuantizeAsync(Bench.Model, SampleSource.FromEnumerable([black], 1), output);

        bench.Logs.Should().OnlyContain(each => each.Category == "Quantization.Hosting");
        bench.Entry(1).Should().Contain("Model", Bench.Model).And.Contain("Way", "StaticInt8");
        bench.Entry(2).Should().Contain("ModelBytes", "267482").And.Contain("OutputBytes", $"{new FileInfo(output).Length}")
            .And.Contain("Output", output).And.Contain("Int8Nodes", $"{result.Int8Nodes}");
        result.Warnings.Should().NotBeEmpty("its input was 0 everywhere");
        bench.Logs.Where(each => each.Id.Id == 4)
            .Select(each => (each.Level, each.StructuredState!.Single(pair => pair.Key == "Code").Value))
            .Should().Equal(result.Warnings.Select(warning => (LogLevel.Warning, (string?)warning.Code.ToString())));
    }

    [Fact]
    public async Task Activities_tell_a_call_and_its_stages()
    {
        using Bench bench = new(_ => { });
        Activity? before = Activity.Current;

        PtqResult result = await bench.Quantizer.QuantizeAsync(Bench.Model, Bench.Samples(3), bench.Folder.PathTo("int8.onnx"));

        Activity.Current.Should().BeSameAs(before);
        Activity call = bench.Activities.Single(each => each.OperationName == QuantizationTelemetry.CallActivityName);
        call.Status.Should().Be(ActivityStatusCode.Unset);
        call.GetTagItem("quantization.way").Should().Be("StaticInt8");
        call.GetTagItem("quantization.output.bytes").Should().Be(result.OutputBytes);
        Activity[] stages = [.. bench.Activities.Where(each => each != call)];
        stages.Should().OnlyContain(
            each => each.ParentSpanId == call.SpanId && each.StartTimeUtc >= call.StartTimeUtc && each.Duration <= call.Duration);
        stages.Select(each => each.OperationName).Should()
            .StartWith(["Preparing", "Calibrating"]).And.EndWith(["Quantizing", "Inspecting"]);
        stages[1].GetTagItem("quantization.steps.completed").Should().Be(3L);
        bench.Logs.Where(each => each.Id.Id == 10).Select(each => each.StructuredState!.Single(pair => pair.Key == "Stage").Value)
            .Should().Equal(stages.Select(each => each.OperationName));
    }

    [Fact]
    public async Task A_damaged_model()
    {
        using Bench bench = new(_ => { });
        string damaged = bench.Folder.PathTo("damaged.onnx");
        File.WriteAllBytes(damaged, [1, 2, 3]);

        Func<Task> call = () => bench.Quantizer.QuantizeAsync(damaged, Bench.Samples(1), bench.Folder.PathTo("int8.onnx"));

        OnnxModelException thrown = (await call.Should().ThrowAsync<OnnxModelException>()).Which;
        bench.Logs.Single(each => each.Level == LogLevel.Error).Exception.Should().BeSameAs(thrown);
        Activity activity = bench.Activities.Single(each => each.OperationName == QuantizationTelemetry.CallActivityName);
        (activity.Status, activity.StatusDescription).Should().Be((ActivityStatusCode.Error, thrown.Message));
        bench.Folder.Entries.Should().Equal("damaged.onnx");
    }

    [Fact]
    public async Task A_way_that_needs_samples()
    {
        using Bench bench = new(_ => { });

        Func<Task> call = () => bench.Quantizer.QuantizeAsync(Bench.Model, bench.Folder.PathTo("int8.onnx"));

        (await call.Should().ThrowAsync<ArgumentException>()).WithMessage("The quantizer '' works by StaticInt8, which needs samples; *");
    }

    [Fact]
    public async Task Calls_wait_for_each_other_and_can_be_cancelled()
    {
        using Bench bench = new(_ => { });
        IModelQuantizer quantizer = bench.Quantizer;
        TaskCompletionSource go = new();
        using CancellationTokenSource stop = new();
        Task first = quantizer.QuantizeAsync(Bench.Model, Waiting(), bench.Folder.PathTo("first.onnx"));
        Task second = quantizer.QuantizeAsync(Bench.Model, Bench.Samples(1), bench.Folder.PathTo("second.onnx"), null, stop.Token);

        bench.Entry(7).Should().Contain("MaxConcurrency", "1");
        await stop.CancelAsync();
        await second.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        bench.Logs.Count(each => each.Id.Id == 6).Should().Be(1);
        go.SetResult();
        await first;
        bench.Folder.Entries.Should().Equal("first.onnx");

        async IAsyncEnumerable<ModelSample> Waiting()
        {
            await go.Task;
            yield return Bench.Sample(0);
        }
    }

    [Fact]
    public async Task Progress_is_logged_at_most_once_an_interval_and_passed_on()
    {
        SteppingClock clock = new(TimeSpan.FromSeconds(1));
        using Bench bench = new(options => options.ProgressInterval = TimeSpan.FromHours(1), clock);
        using Bench often = new(options => options.ProgressInterval = TimeSpan.Zero, clock);
        List<QuantizationProgress> told = [];

        await bench.Quantizer.QuantizeAsync(Bench.Model, Bench.Samples(3), bench.Folder.PathTo("int8.onnx"), new Told(told));
        await often.Quantizer.QuantizeAsync(Bench.Model, Bench.Samples(3), often.Folder.PathTo("int8.onnx"));

        told.Should().Contain(new QuantizationProgress(QuantizationStage.Calibrating, 0, 3))
            .And.Contain(each => each.Stage == QuantizationStage.Inspecting);
        bench.Logs.Should().NotContain(each => each.Id.Id == 11);
        often.Logs.Should()
            .Contain(each => each.Id.Id == 11 && each.Message.EndsWith("Calibrating, 3 of 3 steps.", StringComparison.Ordinal));
        bench.Logs.Where(each => each.Id.Id == 12).Should().NotBeEmpty()
            .And.OnlyContain(each => long.Parse(each.StructuredState!.Single(pair => pair.Key == "ElapsedMs").Value!, null) >= 1000);
    }

    [Fact]
    public async Task All_ways_are_tried_and_one_is_picked()
    {
        using Bench bench = new(options => options.Auto = new AutoOptions
        {
            Ways = [QuantizationWay.WeightsInt8, QuantizationWay.Half],
            Metric = ModelMetric.Agreement,
            Budget = new AutoBudget { MaxLoss = 1, MaxSizeRatio = 0.9 },
        });

        AutoResult result = await bench.Quantizer.DecideAsync(
            Bench.Model, Bench.Samples(4), Bench.Samples(4), bench.Folder.PathTo("picked.onnx"));

        bench.Entry(3).Should().Contain("Picked", result.Chosen!.Way.ToString()).And.Contain("Summary", result.Summary.Message);
        bench.Folder.Entries.Should().Equal("picked.onnx");
    }

    private sealed class Told(List<QuantizationProgress> all) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value)
        {
            lock (all)
            {
                all.Add(value with { Remaining = null });
            }
        }
    }

    /// <summary>Each look at the clock takes a while.</summary>
    private sealed class SteppingClock(TimeSpan step) : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref _now, step.Ticks);
    }
}
