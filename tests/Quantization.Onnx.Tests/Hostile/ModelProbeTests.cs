using System.Diagnostics;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Hostile;

/// <summary>A child process finds out what a model does to ONNX Runtime.</summary>
public sealed class ModelProbeTests
{
    private static readonly ModelProbe Probe = ModelProbe.Program(
        "dotnet", Path.Combine(AppContext.BaseDirectory, "Quantization.Examples.dll"));

    [Fact]
    public void A_model_that_aborts_ONNX_Runtime_is_an_error()
    {
        using TemporaryFolder folder = new();
        string path = SharedFolder.Hostile("if_crash_a.onnx");
        SampleFolder samples = new(SharedFolder.Hostile("if_data"));
        PostTrainingQuantizer.Quantize(path, samples, folder.PathTo("int8.onnx"), new PtqOptions { LatencyRuns = 0 });
        ModelProto model = ModelFile.Load(folder.PathTo("int8.onnx")).Model;
        RemoveGuards(model.Graph);

        FluentActions.Invoking(() => Probe.Check("user.onnx", model, samples.First(), CancellationToken.None))
            .Should().Throw<OnnxModelException>()
            .WithMessage("user.onnx: ONNX Runtime crashes on the quantized model: the process that tried it ended with exit code *");
    }

    [Fact]
    public void A_model_that_runs_is_quantized_as_without_a_probe()
    {
        using TemporaryFolder folder = new();
        string path = ModelBuilder.Linear().Save(folder.PathTo("model.onnx"));

        PostTrainingQuantizer.Quantize(path, ModelBuilder.LinearSamples(), folder.PathTo("plain.onnx"));
        PostTrainingQuantizer.Quantize(path, ModelBuilder.LinearSamples(), folder.PathTo("probed.onnx"), new PtqOptions { Probe = Probe });

        File.ReadAllBytes(folder.PathTo("probed.onnx")).Should().Equal(File.ReadAllBytes(folder.PathTo("plain.onnx")));
    }

    [Fact]
    public void A_model_that_does_not_end_is_an_error()
    {
        using TemporaryFolder folder = new();
        ModelProto model = ModelFile.Load(ModelBuilder.Linear().Save(folder.PathTo("model.onnx"))).Model;
        ModelProbe sleeps = ModelProbe.Program("sh", "-c", "sleep 60").WithTimeout(TimeSpan.FromMilliseconds(500));
        long start = Stopwatch.GetTimestamp();

        FluentActions.Invoking(() => sleeps.Check("user.onnx", model, null, CancellationToken.None)).Should().Throw<OnnxModelException>()
            .WithMessage("user.onnx: ONNX Runtime did not open and run the quantized model within 0.5 seconds.*");

        Stopwatch.GetElapsedTime(start).Should().BeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Cancelling_ends_the_child()
    {
        using TemporaryFolder folder = new();
        ModelProto model = ModelFile.Load(ModelBuilder.Linear().Save(folder.PathTo("model.onnx"))).Model;
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(300));

        FluentActions.Invoking(() => ModelProbe.Program("sh", "-c", "sleep 60").Check("user.onnx", model, null, source.Token)).Should()
            .Throw<OperationCanceledException>();
    }

    /// <summary>Takes the operators out that keep ONNX Runtime from aborting.</summary>
    private static void RemoveGuards(GraphProto graph)
    {
        foreach (NodeProto guard in graph.Node.Where(node => node is { OpType: "Sum", Input.Count: 1 }).ToArray())
        {
            graph.Node.Single(node => node.Output.Contains(guard.Input[0])).Output[0] = guard.Output[0];
            graph.Node.Remove(guard);
        }
    }
}
