using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Hosting.Tests;

/// <summary>An application's services with a quantizer, the logs that it wrote and the activities that it ended.</summary>
internal sealed class Bench : IDisposable
{
    private readonly ServiceProvider _services;
    private readonly ActivityListener _listener;
    private readonly Activity _root = new Activity("test").Start();

    public Bench(Action<ModelQuantizerOptions> configure, TimeProvider? clock = null)
    {
        ServiceCollection services = new();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddFakeLogging());
        services.AddModelQuantizer(options =>
        {
            options.Static = options.Static with { LatencyRuns = 0 };
            options.Weights = options.Weights with { LatencyRuns = 0 };
            configure(options);
        });
        if (clock is not null)
        {
            services.AddSingleton(clock);
        }

        _services = services.BuildServiceProvider();
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == QuantizationTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> each) => each.Parent.TraceId == _root.TraceId
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                lock (Activities)
                {
                    Activities.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IModelQuantizer Quantizer => _services.GetRequiredService<IModelQuantizer>();

    public List<Activity> Activities { get; } = [];

    public IReadOnlyList<FakeLogRecord> Logs => _services.GetFakeLogCollector().GetSnapshot();

    public TemporaryFolder Folder { get; } = new();

    public static string Model { get; } = Path.Combine(AppContext.BaseDirectory, "Assets", "fashion-mobilenet.onnx");

    public static ISampleSource Samples(int count) => SampleSource.FromEnumerable(Enumerable.Range(0, count).Select(Sample), count);

    public static ModelSample Sample(int seed)
    {
        Random random = new(seed);
        return new ModelSample(
            $"sample {seed}",
            SampleTensor.Create<float>("image", [.. Enumerable.Range(0, 28 * 28).Select(_ => random.NextSingle())], 1, 28, 28));
    }

    /// <summary>The entry of an event, as the values that it is made of.</summary>
    public Dictionary<string, string?> Entry(int id) => new(Logs.Single(each => each.Id.Id == id).StructuredState!);

    public void Dispose()
    {
        _listener.Dispose();
        _root.Dispose();
        _services.Dispose();
        Folder.Dispose();
    }
}
