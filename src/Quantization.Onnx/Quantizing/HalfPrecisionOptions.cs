using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How a model is converted to half precision. Immutable; derive one from another with <c>with</c>.</summary>
public sealed record HalfPrecisionOptions
{
    private readonly PtqOptions _shared = new();

    /// <summary>
    /// <see cref="HalfFormat.Float16"/>, the default, for weights and arithmetic; <see cref="HalfFormat.BFloat16"/> for the storage of
    /// weights alone.
    /// </summary>
    public HalfFormat Format { get; init; } = HalfFormat.Float16;

    /// <summary>
    /// Whether float inputs and outputs of the model become float16 too. By default they keep their types, with a Cast behind each input
    /// and before each output. Not for <see cref="HalfFormat.BFloat16"/>. No latency
    /// is measured then, because the float model's samples do not fit.
    /// </summary>
    public bool HasHalfInterface { get; init; }

    /// <summary>
    /// The names of nodes that compute in 32 bits, with weights of 32 bits; a node without a name is named by its first output. The default
    /// is none.
    /// </summary>
    public IReadOnlySet<string> FloatNodes
    {
        get;
        init => field = ValueSet.Of(value, nameof(FloatNodes));
    } = ValueSet.Empty;

    /// <inheritdoc cref="PtqOptions.LatencyRuns"/>
    public int LatencyRuns
    {
        get => _shared.LatencyRuns;
        init => _shared = _shared with { LatencyRuns = value };
    }

    /// <inheritdoc cref="PtqOptions.LatencySample"/>
    public ModelSample? LatencySample { get; init; }

    /// <inheritdoc cref="PtqOptions.MaxFileBytes"/>
    public long MaxFileBytes
    {
        get => _shared.MaxFileBytes;
        init => _shared = _shared with { MaxFileBytes = value };
    }

    /// <inheritdoc cref="PtqOptions.SessionOptionsFactory"/>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }

    /// <inheritdoc cref="PtqOptions.Probe"/>
    public ModelProbe? Probe { get; init; }

    /// <summary>The options that every recipe takes.</summary>
    internal PtqOptions ToShared() => _shared with
    {
        FloatNodes = FloatNodes,
        LatencyRuns = HasHalfInterface ? 0 : LatencyRuns,
        LatencySample = LatencySample,
        SessionOptionsFactory = SessionOptionsFactory,
        Probe = Probe,
    };
}
