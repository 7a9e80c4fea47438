using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>What <see cref="AutoQuantizer"/> tries and how it picks. Immutable.</summary>
public sealed record AutoOptions
{
    private readonly int _batchSize = 1;
    private readonly int _maxParallelTrials = Environment.ProcessorCount;

    /// <summary>
    /// The budget. By default the model must be faster and smaller than the float model, and of these the one that loses the least is
    /// picked.
    /// </summary>
    public AutoBudget Budget { get; init; } = new();

    /// <summary>The ways to try; all by default. Static int8 needs samples and is left out without them.</summary>
    public IReadOnlyList<QuantizationWay> Ways
    {
        get;
        init => field = ValueList<QuantizationWay>.Of(value, nameof(Ways));
    } = ValueList<QuantizationWay>.Of(Enum.GetValues<QuantizationWay>());

    /// <summary>
    /// The metric to preserve. Null, the default, for <see cref="ModelMetric.EmbeddingCosine"/> where the model gives embeddings, for
    /// <see cref="ModelMetric.Top1"/> where every scoring sample has a label, else <see cref="ModelMetric.SignalToNoise"/>.
    /// </summary>
    public ModelMetric? Metric { get; init; }

    /// <summary>The options of static int8. Its session options, probe and largest file hold for all ways.</summary>
    public PtqOptions Static { get; init; } = new();

    /// <summary>
    /// How many samples run as one batch when scoring, if the model's batch axis is free; at least 1, the default.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int BatchSize
    {
        get => _batchSize;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _batchSize = value;
        }
    }

    /// <summary>
    /// How many models are made and scored at the same time; one per processor by default. Latency is measured afterwards, one model after
    /// the other.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxParallelTrials
    {
        get => _maxParallelTrials;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _maxParallelTrials = value;
        }
    }

    /// <summary>
    /// Where the calibration is kept, as <see cref="SearchOptions.CalibrationPath"/> says; null, the default, to keep nothing.
    /// </summary>
    public string? CalibrationPath { get; init; }

    /// <summary>
    /// Where the scores are kept, as <see cref="SearchOptions.TrialsPath"/> says, so that a run that was interrupted goes on from them;
    /// null, the default, to keep nothing.
    /// </summary>
    public string? TrialsPath { get; init; }

    internal Func<SessionOptions>? SessionOptionsFactory => Static.SessionOptionsFactory;

    /// <summary>Refuses impossible options.</summary>
    /// <param name="hasSamples">Whether there are samples to score with.</param>
    internal void ThrowUnlessPossible(bool hasSamples)
    {
        ArgumentNullException.ThrowIfNull(Budget);
        ArgumentNullException.ThrowIfNull(Static);
        if (Ways is [] || !Ways.All(Enum.IsDefined))
        {
            throw new ArgumentException("AutoOptions.Ways is empty or holds a value that is no QuantizationWay; name at least one way.");
        }

        if (!hasSamples && Budget.MaxLoss is not null)
        {
            throw new ArgumentException("AutoBudget.MaxLoss needs samples to measure a loss on; give samples, or leave it out.");
        }

        if (!hasSamples && Ways.All(way => way == QuantizationWay.StaticInt8))
        {
            throw new ArgumentException("AutoOptions.Ways holds StaticInt8 alone, which needs samples; give samples, or name other ways.");
        }
    }
}
