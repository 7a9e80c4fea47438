using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How models are compared. Immutable.</summary>
public sealed record EvaluationOptions
{
    /// <summary>How many samples are joined for one run, where the models' batch axis is free and the samples' shapes allow it; at least 1, the default.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>The output that holds one value a class, for accuracy and agreement; null for the first output.</summary>
    public string? Logits { get; init; }

    /// <summary>
    /// Makes the sessions' options, for other execution providers or threads; called once a model. Null for one thread on the CPU, which gives the steadiest latencies.
    /// </summary>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }

    /// <summary>Tries the candidates in a child process before this process opens them; null, the default, for no trial. See <see cref="ModelProbe"/>.</summary>
    public ModelProbe? Probe { get; init; }

    /// <summary>
    /// The fewest timed runs a model, 20 by default: where the samples give fewer, the last batch is run again, though for no longer than two seconds.
    /// </summary>
    public int LatencyRuns { get; init; } = 20;
}
