using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Times the float model and the quantized one side by side.</summary>
internal static class LatencyMeter
{
    private static readonly TimeSpan LongestMeasurement = TimeSpan.FromSeconds(2);

    /// <summary>Runs both models in turn on one sample, each turn beginning with the other; the first run of each is not timed.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime cannot run one of the models.</exception>
    /// <exception cref="InvalidDataException">The sample does not fit the model's inputs.</exception>
    public static LatencyComparison Measure(
        ModelFile file, ModelProto quantized, string quantizedPath, ModelSample sample, int runs, Func<SessionOptions>? optionsFactory,
        CancellationToken cancellation)
    {
        using EvaluatedModel reference = new(file.Path, file.Model, file.Bytes, optionsFactory, cancellation);
        using EvaluatedModel candidate = new(quantizedPath, quantized, 0, optionsFactory, cancellation);
        return Measure(reference, candidate, sample, runs, cancellation);
    }

    /// <summary>The same of any two models.</summary>
    public static LatencyComparison Measure(
        EvaluatedModel reference, EvaluatedModel candidate, ModelSample sample, int runs, CancellationToken cancellation)
    {
        using BoundSample input = SampleBinder.Bind(sample, reference.Inputs);
        long start = Stopwatch.GetTimestamp();
        MachineLoad load = new();
        do
        {
            bool isFloatFirst = reference.Latencies.TimedRuns % 2 == 0;
            foreach (EvaluatedModel model in isFloatFirst ? (EvaluatedModel[])[reference, candidate] : [candidate, reference])
            {
                cancellation.ThrowIfCancellationRequested();
                model.Run(input, reference.OutputNames, sample.Name, cancellation).Dispose();
            }
        }
        while (reference.Latencies.TimedRuns < runs && Stopwatch.GetElapsedTime(start) < LongestMeasurement);

        return new LatencyComparison(reference.Latencies.Median, candidate.Latencies.Median, reference.Latencies.TimedRuns)
        {
            Spread = Math.Max(reference.Latencies.Spread ?? 0, candidate.Latencies.Spread ?? 0),
            OtherLoad = load.Others,
        };
    }
}
