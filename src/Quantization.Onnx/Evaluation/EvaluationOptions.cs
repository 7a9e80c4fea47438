using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How models are compared. Immutable.</summary>
public sealed record EvaluationOptions
{
    /// <summary>
    /// How many samples run as one batch, if the models' batch axis is free and the samples' shapes allow it; at least 1, the default.
    /// </summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>
    /// The output that holds rows of classes, for accuracy, agreement and divergence; null, the default, for the first output of floats.
    /// </summary>
    public string? Logits { get; init; }

    /// <summary>
    /// Metrics to measure in addition to the library's own, such as a character error rate; none by default. Each sees the outputs of every
    /// model, the reference included. They share the one pass over the samples: each runs on a thread of its own and takes turns with the
    /// models. One of the library's own metrics may be named too: then it is an error if it cannot be measured.
    /// </summary>
    public IReadOnlyList<ModelMetric> Metrics
    {
        get;
        init => field = ValueList<ModelMetric>.Of(value, nameof(Metrics));
    } = ValueList<ModelMetric>.Empty;

    /// <summary>
    /// Makes the sessions' options, for other execution providers or threads; called once per model. Null for one thread on the CPU, which
    /// gives the steadiest latencies.
    /// </summary>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }

    /// <summary>
    /// Tries the candidates in a child process before this process opens them; null, the default, for no trial. See
    /// <see cref="ModelProbe"/>.
    /// </summary>
    public ModelProbe? Probe { get; init; }

    /// <summary>
    /// The fewest timed runs per model, 20 by default: where the samples give fewer, the last batch is run again, though for no longer than
    /// two seconds.
    /// </summary>
    public int LatencyRuns { get; init; } = 20;
}
