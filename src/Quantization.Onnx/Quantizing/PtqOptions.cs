using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How a model is quantized. Immutable; derive one from another with <c>with</c>.</summary>
public sealed record PtqOptions
{
    /// <summary>How often models run to compare their latency, where nothing else is asked for.</summary>
    internal const int UsualLatencyRuns = 20;

    /// <summary>The maximum number of calibration samples that are kept to refine a plan.</summary>
    internal const int MostRefiningSamples = 64;

    private readonly CodeFormat _activationFormat = CodeFormat.UInt8;
    private readonly QuantizationScheme _activationScheme = QuantizationScheme.Affine;
    private readonly int _latencyRuns = UsualLatencyRuns;
    private readonly long _maxFileBytes = ModelStore.LargestMessage;
    private readonly CodeFormat _weightFormat = CodeFormat.Int8;
    private readonly GranularityKind _weightGranularity = GranularityKind.PerChannel;

    /// <summary>
    /// Chooses the range of each activation from its calibration statistics. The default is <see cref="MseCalibrator"/>: the range whose
    /// codes have the smallest mean squared error.
    /// </summary>
    public ICalibrator ActivationCalibrator { get; init; } = new MseCalibrator();

    /// <summary>
    /// The calibrators of single activations, by the value's name; the others take <see cref="ActivationCalibrator"/>. The default is none.
    /// </summary>
    public IReadOnlyDictionary<string, ICalibrator> OwnCalibrators
    {
        get;
        init => field = ValueDictionary<string, ICalibrator>.Of(value, nameof(OwnCalibrators));
    } = ValueDictionary<string, ICalibrator>.Empty;

    /// <summary>
    /// The codes of activations: <see cref="CodeFormat.UInt8"/>, the default, which ONNX Runtime runs fastest on x64, or
    /// <see cref="CodeFormat.Int8"/>; for <see cref="TargetRuntime.TensorRT"/> always <see cref="CodeFormat.Int8"/>.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// Any other format: QuantizeLinear saturates at the bounds of the type, and only bytes run as integers.
    /// </exception>
    public CodeFormat ActivationFormat
    {
        get => Targets.Of(Runtime).ActivationFormat ?? _activationFormat;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value != CodeFormat.UInt8 && value != CodeFormat.Int8)
            {
                throw new ArgumentException($"Activations can be CodeFormat.UInt8 or CodeFormat.Int8, not {value}.", nameof(value));
            }

            _activationFormat = value;
        }
    }

    /// <summary>What will run the quantized model; the default is ONNX Runtime on a processor.</summary>
    public TargetRuntime Runtime { get; init; } = TargetRuntime.OnnxRuntimeCpu;

    /// <summary>
    /// Affine, the default: an activation's range lies where its values are. Symmetric: the range is centred on 0, or begins there where no
    /// value is negative; for runtimes other than ONNX Runtime, codes of <see cref="CodeFormat.Int8"/> are centred always, so that every
    /// zero-point is 0. For <see cref="TargetRuntime.TensorRT"/> always symmetric.
    /// </summary>
    public QuantizationScheme ActivationScheme
    {
        get => Targets.Of(Runtime).ActivationScheme ?? _activationScheme;
        init => _activationScheme = value;
    }

    /// <summary>
    /// The codes of weights, symmetric about 0: <see cref="CodeFormat.Int8"/> (−127 … 127), the default, or fewer:
    /// <c>CodeFormat.Signed(4)</c> gives −7 … 7. All are stored as int8, because that is what runs as integers.
    /// </summary>
    /// <exception cref="ArgumentException">The format has no sign, or codes beyond a byte.</exception>
    public CodeFormat WeightFormat
    {
        get => _weightFormat;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            if (!value.IsSigned || value.MaxCode > sbyte.MaxValue || value.MaxCode < 1)
            {
                throw new ArgumentException(
                    $"Weights need a signed format of at most 8 bits, such as CodeFormat.Int8 or CodeFormat.Signed(4), not {value}.",
                    nameof(value));
            }

            _weightFormat = value;
        }
    }

    /// <summary>One scale for each output channel of the weights, the default, or one for the tensor.</summary>
    /// <exception cref="ArgumentException">Blocks, which ONNX Runtime does not run as integers.</exception>
    public GranularityKind WeightGranularity
    {
        get => _weightGranularity;
        init
        {
            if (value is not (GranularityKind.PerChannel or GranularityKind.PerTensor))
            {
                throw new ArgumentException($"Weights can be quantized per channel or per tensor, not {value}.", nameof(value));
            }

            _weightGranularity = value;
        }
    }

    /// <summary>
    /// The largest model file to write; the default is 2,147,483,647 bytes, the most that the format allows. Where the model is larger, its
    /// weights go into a second file beside it, called after the first and the weights: <c>model.onnx.1a2b3c4d.data</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1 or more than the format allows.</exception>
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

    /// <summary>
    /// Chooses the range of each channel's weights, or of the tensor's. The default is <see cref="MaxCalibrator"/>: no weight is clipped.
    /// With few bits <see cref="MseCalibrator"/> loses less.
    /// </summary>
    public ICalibrator WeightCalibrator { get; init; } = new MaxCalibrator();

    /// <summary>
    /// How the weights of single nodes are quantized where they are to differ from the others', by the node's name as
    /// <see cref="PtqResult.QuantizedNodes"/> lists it. The default is none.
    /// </summary>
    public IReadOnlyDictionary<string, WeightOptions> OwnWeights
    {
        get;
        init => field = ValueDictionary<string, WeightOptions>.Of(value, nameof(OwnWeights));
    } = ValueDictionary<string, WeightOptions>.Empty;

    /// <summary>
    /// The names of nodes to leave in float, as <see cref="PtqResult.QuantizedNodes"/> lists them; a node without a name is named by its
    /// first output. The name of a node with branches or a body, or the path of one, leaves all inside in float. The default is none.
    /// </summary>
    public IReadOnlySet<string> FloatNodes
    {
        get;
        init => field = ValueSet.Of(value, nameof(FloatNodes));
    } = ValueSet.Empty;

    /// <summary>
    /// The names of nodes that compute in float with weights that become codes, as <see cref="PtqResult.QuantizedNodes"/> lists them:
    /// nearly as accurate as a node in float, at a quarter of its size. The default is none.
    /// </summary>
    public IReadOnlySet<string> WeightOnlyNodes
    {
        get;
        init => field = ValueSet.Of(value, nameof(WeightOnlyNodes));
    } = ValueSet.Empty;

    /// <summary>
    /// Activations that stay in float, by the value's name: no node reads codes of them or makes them, but the weights of the nodes beside
    /// them become codes all the same. The default is none.
    /// </summary>
    public IReadOnlySet<string> FloatActivations
    {
        get;
        init => field = ValueSet.Of(value, nameof(FloatActivations));
    } = ValueSet.Empty;

    /// <summary>
    /// How often both models are run to compare their latency, 20 by default, though for no longer than two seconds; 0 to measure nothing.
    /// The models take turns on one sample: <see cref="LatencySample"/>, or the first that calibrates; where there is neither, nothing is
    /// measured.
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
    /// The sample to measure the latency with, in the shape that the model will see in use; null, the default, for the first sample that
    /// calibrates.
    /// </summary>
    public ModelSample? LatencySample { get; init; }

    /// <summary>
    /// Makes the options of each session that ONNX Runtime opens: execution providers, threads, libraries of custom operators. Called once
    /// per session, which then owns the result. Null, the default, for ONNX Runtime's own defaults; latencies are then measured with one
    /// thread.
    /// </summary>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }

    /// <summary>
    /// Tries the quantized model in a child process before this process opens it, since a model can crash ONNX Runtime; null, the default,
    /// for no trial. See <see cref="ModelProbe"/>.
    /// </summary>
    public ModelProbe? Probe { get; init; }

    /// <summary>
    /// Where samples calibrate and the models of a search are scored; null, the default, for this process. The result does not depend on
    /// it. Latencies are measured in this process always.
    /// </summary>
    public IWorkPlace? Place { get; init; }

    /// <summary>
    /// How samples run while calibrating: NaN and infinity, threads, bins. The sessions and the runtime come from these options. The
    /// default is <see cref="CalibrationOptions"/>'s own.
    /// </summary>
    public CalibrationOptions Calibration { get; init; } = new();

    /// <summary>
    /// Whether the plan is refined on up to 64 of the calibration samples: scaled channels, corrected biases, and activations left in float
    /// whose codes cost far more than they gain. See <see cref="PtqResult.Refinement"/>. True by default; nothing is refined with fewer
    /// than 8 samples, or from an earlier calibration.
    /// </summary>
    public bool Refine { get; init; } = true;

    /// <summary>
    /// Whether the samples decide which weights are rounded up and which down, where that brings the outputs nearer to the float model's: a
    /// step of <see cref="Refine"/> that takes a little time and costs nothing at run time. True by default.
    /// </summary>
    public bool LearnRounding { get; init; } = true;

    /// <summary>The share of the multiply-accumulates that may leave the integers for each halving of the loss.</summary>
    internal double CostOfHalving { get; init; } = 0.1;

    /// <summary>Whether improving scales channels.</summary>
    internal bool ScaleChannels { get; init; } = true;

    /// <summary>How many calibration samples are kept to refine with.</summary>
    internal int RefiningSamples => Refine ? MostRefiningSamples : 0;

    /// <summary>Whether each zero-point must be 0.</summary>
    internal bool HasCentredCodes => Targets.Of(Runtime).CentresSymmetricCodes
        && ActivationFormat == CodeFormat.Int8
        && ActivationScheme == QuantizationScheme.Symmetric;

    /// <summary>The weights' codes, restricted to an interval symmetric about 0, in the type that they are stored in.</summary>
    internal CodeFormat StoredWeightFormat => new(CodeType.Int8, -WeightFormat.MaxCode, WeightFormat.MaxCode);

    /// <summary>The options as they hold for the weights of one node.</summary>
    internal PtqOptions ForWeightsOf(string node) => OwnWeights.TryGetValue(node, out WeightOptions? own)
        ? this with
        {
            WeightGranularity = own.Granularity ?? WeightGranularity,
            WeightCalibrator = own.Calibrator ?? WeightCalibrator,
            OwnWeights = ValueDictionary<string, WeightOptions>.Empty,
        }
        : this;
}
