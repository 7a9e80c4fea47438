using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>Times several models side by side, in turns, so that all meet the same conditions.</summary>
internal static class LatencyTurns
{
    private const int MaxRounds = 40;
    private const int MinRounds = 5;

    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(2);

    /// <summary>Runs all models on the same samples, each round beginning with another model. The first run of each is not timed.</summary>
    /// <param name="reference">The float model.</param>
    /// <param name="models">The others.</param>
    /// <param name="samples">The samples; rounds take turns with them.</param>
    /// <param name="cancellation">Stops between runs.</param>
    /// <returns>One comparison for each of the others.</returns>
    /// <exception cref="OnnxModelException">ONNX Runtime cannot run a model.</exception>
    public static LatencyComparison[] Measure(
        EvaluatedModel reference, IReadOnlyList<EvaluatedModel> models, IReadOnlyList<ModelSample> samples, CancellationToken cancellation)
    {
        EvaluatedModel[] all = [reference, .. models];
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < MaxRounds && (round < MinRounds || Stopwatch.GetElapsedTime(start) < LongEnough); round++)
        {
            ModelSample sample = samples[round % samples.Count];
            using BoundSample input = SampleBinder.Bind(sample, reference.Inputs);
            for (int turn = 0; turn < all.Length; turn++)
            {
                cancellation.ThrowIfCancellationRequested();
                all[(round + turn) % all.Length].Run(input, reference.OutputNames, sample.Name, cancellation).Dispose();
            }
        }

        return
        [
            .. models.Select(model => new LatencyComparison(reference.Latencies.Median, model.Latencies.Median, model.Latencies.TimedRuns))
        ];
    }
}
