using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// What the ways to quantize without samples have in common: <see cref="DynamicOptions"/> and <see cref="WeightOnlyOptions"/>. Immutable;
/// derive one from another with <c>with</c>.
/// </summary>
public abstract record DataFreeOptions
{
    /// <summary>
    /// No sample runs, so little of a model has to be in memory at once: the tensors of models from 8 MB on stay in their files.
    /// </summary>
    private const long LargestInMemory = 1 << 23;

    private readonly ICalibrator? _weightCalibrator;
    private readonly int _latencyRuns = PtqOptions.UsualLatencyRuns;
    private readonly long _maxFileBytes = ModelStore.LargestMessage;

    private protected DataFreeOptions()
    {
    }

    /// <summary>
    /// Chooses the range of each channel's weights, or of the tensor's. The default is <see cref="MaxCalibrator"/>: no weight is clipped.
    /// Weights in blocks take <see cref="MseCalibrator"/>, their default, and <see cref="MaxCalibrator"/>.
    /// </summary>
    public ICalibrator WeightCalibrator
    {
        get => _weightCalibrator ?? DefaultCalibrator;
        init => _weightCalibrator = value;
    }

    /// <summary>
    /// The names of nodes to leave in float, as <see cref="PtqResult.QuantizedNodes"/> lists them; a node without a name is named by its
    /// first output. The default is none.
    /// </summary>
    public IReadOnlySet<string> FloatNodes
    {
        get;
        init => field = ValueSet.Of(value, nameof(FloatNodes));
    } = ValueSet.Empty;

    /// <summary>
    /// How often both models run on <see cref="LatencySample"/> to compare their latency, 20 by default, though for no longer than two
    /// seconds; 0 to measure nothing.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int LatencyRuns
    {
        get => _latencyRuns;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _latencyRuns = value;
        }
    }

    /// <summary>
    /// The sample to measure the latency with, in the shape that the model will see in use; null, the default, to measure nothing.
    /// </summary>
    public ModelSample? LatencySample { get; init; }

    /// <inheritdoc cref="PtqOptions.MaxFileBytes"/>
    public long MaxFileBytes
    {
        get => _maxFileBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ModelStore.LargestMessage);
            _maxFileBytes = value;
        }
    }

    /// <inheritdoc cref="PtqOptions.SessionOptionsFactory"/>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }

    /// <inheritdoc cref="PtqOptions.Probe"/>
    public ModelProbe? Probe { get; init; }

    /// <summary>The calibrator where none is given.</summary>
    private protected virtual ICalibrator DefaultCalibrator => new MaxCalibrator();

    /// <summary>What weights may take where layers get bits of their own; null where all have the same.</summary>
    internal virtual BitBudget? Budget => null;

    /// <summary>Keeps the codes of layers for a run that is interrupted; null where none are kept.</summary>
    internal virtual LayerFolder? MakeKept() => null;

    /// <summary>Whether the plan is refined on samples.</summary>
    private protected virtual bool CanImprove => false;

    /// <summary>The recipe that the options make.</summary>
    internal abstract IRecipe ToRecipe();

    /// <summary>How the result is tried, measured and written, and what is reported about its weights.</summary>
    internal virtual PtqOptions ToPtqOptions() => new()
    {
        WeightCalibrator = WeightCalibrator,
        FloatNodes = FloatNodes,
        LatencyRuns = LatencyRuns,
        LatencySample = LatencySample,
        MaxFileBytes = MaxFileBytes,
        SessionOptionsFactory = SessionOptionsFactory,
        Probe = Probe,
    };

    /// <summary>Quantizes a model.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="samples">The samples to round weights on, or to refine the plan on; null for none.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="progress">Reports each stage.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    internal PtqResult Quantize(
        OnnxModel model, ISampleSource? samples, ModelOutput output, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken) =>
        MakeRunner(model, samples, output, progress, cancellationToken)
            .Run(ToLazy(model), ToRecipe(), NoCalibration, () => LatencySample, output);

    /// <summary>The same without blocking.</summary>
    /// <inheritdoc cref="Quantize"/>
    internal Task<PtqResult> QuantizeAsync(
        OnnxModel model, ISampleSource? samples, ModelOutput output, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken) =>
        MakeRunner(model, samples, output, progress, cancellationToken)
            .RunAsync(ToLazy(model), ToRecipe(), prepared => Task.FromResult(NoCalibration(prepared)), () => LatencySample, output);

    /// <summary>Carries out a plan.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="samples">The samples to round weights on.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="progress">Reports each stage.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    internal PtqResult CarryOut(
        OnnxModel model, QuantizationPlan plan, ISampleSource samples, ModelOutput output, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        RecipeRunner runner = MakeRunner(model, samples, output, progress, cancellationToken);
        using OpenOutput opened = output.Open();
        PtqResult result = runner.Run(ToLazy(model), plan, null, opened);
        opened.Finish();
        return result;
    }

    private RecipeRunner MakeRunner(
        OnnxModel model, ISampleSource? samples, ModelOutput output, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        PostTrainingQuantizer.ThrowUnlessApart(model, output);
        return new RecipeRunner(ToPtqOptions(), progress, cancellationToken)
        {
            LargestInMemory = LargestInMemory,
            RoundingSamples = samples,
            ImprovingSamples = CanImprove ? samples : null,
            Budget = Budget,
            Kept = MakeKept(),
        };
    }

    /// <summary>A model of a file that is not read yet, with its tensors left there.</summary>
    private static OnnxModel ToLazy(OnnxModel model) =>
        model is { Path: { } path, IsRead: false } ? OnnxModel.FromFile(path, LargestInMemory) : model;

    private static ModelCalibration NoCalibration(FloatModel model) =>
        throw new InvalidOperationException("The recipe asks for no sample.");
}
