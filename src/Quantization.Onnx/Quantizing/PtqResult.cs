namespace Quantization.Onnx;

/// <summary>The result of quantizing or converting a model. Immutable.</summary>
public sealed record PtqResult
{
    /// <summary>The file that was written.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The size of the float model's file.</summary>
    public required long ModelBytes { get; init; }

    /// <summary>The size of the file that was written.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>
    /// The nodes that were quantized, by name (or first output where they have none), in the model's order; behind them those of branches
    /// and loops, by path: <c>if_0/then_branch/conv_1</c>. Where there is none, the output is the model itself, byte for byte.
    /// </summary>
    public required IReadOnlyList<string> QuantizedNodes
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(QuantizedNodes));
    }

    /// <summary>
    /// The Conv, ConvTranspose, Gemm and MatMul nodes that stay in float, and why; those inside of branches and loops too, by path, and
    /// Gather nodes that look rows up in a table which could be quantized.
    /// </summary>
    public required IReadOnlyDictionary<string, string> FloatNodes
    {
        get;
        init => field = ValueDictionary<string, string>.Of(value, nameof(FloatNodes));
    }

    /// <summary>
    /// Softmax, GELU, LayerNorm, RMSNorm and rotary embeddings that stay in float, whether one operator computes them or several, and why,
    /// by the name of the node that makes their result.
    /// </summary>
    public IReadOnlyDictionary<string, string> FloatPatterns => Plan.AllFloatPatterns;

    /// <summary>The nodes that ONNX Runtime runs on integers after optimizing the model on this machine.</summary>
    public int Int8Nodes => Int8Operators.Values.Sum();

    /// <summary>The same, counted by operator: <c>QLinearConv</c>, <c>QGemm</c> …</summary>
    public required IReadOnlyDictionary<string, int> Int8Operators
    {
        get;
        init => field = ValueDictionary<string, int>.Of(value, nameof(Int8Operators));
    }

    /// <summary>
    /// The QuantizeLinear and DequantizeLinear nodes left in the optimized model. Where float inputs become codes and codes become float
    /// outputs, some have to be.
    /// </summary>
    public int Conversions => ConversionReasons.Count;

    /// <summary>Why each of them stayed: which input or output, or which node that runs in float, is on its other side.</summary>
    public required IReadOnlyList<string> ConversionReasons
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(ConversionReasons));
    }

    /// <summary>The same, counted by what is on the other side: <c>codes to floats before Softmax</c> …</summary>
    public required IReadOnlyDictionary<string, int> ConversionKinds
    {
        get;
        init => field = ValueDictionary<string, int>.Of(value, nameof(ConversionKinds));
    }

    /// <summary>How long both models take; null where that was not measured, see <see cref="PtqOptions.LatencyRuns"/>.</summary>
    public LatencyComparison? Latency { get; private init; }

    /// <summary>The range of each quantized activation, and how it was chosen, by the value's name.</summary>
    public required IReadOnlyDictionary<string, CalibrationResult> Activations
    {
        get;
        init => field = ValueDictionary<string, CalibrationResult>.Of(value, nameof(Activations));
    }

    /// <summary>
    /// The calibration: to save, to quantize again with other options, or to report. Without samples and activations where the model has
    /// nothing to quantize.
    /// </summary>
    public required ModelCalibration Calibration { get; init; }

    /// <summary>
    /// What was done, as data: the encoding of each weight and each edge, with the parameters found. The same model can be written from it
    /// again, and it can be changed before; see <see cref="QuantizationPlan.Save"/>.
    /// </summary>
    public required QuantizationPlan Plan { get; init; }

    /// <summary>What was refined on calibration samples; null where that was not tried, see <see cref="PtqOptions.Refine"/>.</summary>
    public Refinement? Refinement { get; init; }

    /// <summary>Each matrix whose weights are codes in blocks, in the model's order; empty where there is none.</summary>
    public IReadOnlyList<RoundedLayer> RoundedLayers
    {
        get;
        init => field = ValueList<RoundedLayer>.Of(value, nameof(RoundedLayers));
    } = ValueList<RoundedLayer>.Empty;

    /// <summary>The matrices whose codes were found in <see cref="WeightOnlyOptions.ResumePath"/>, from a run before.</summary>
    public int ResumedLayers { get; init; }

    /// <summary>
    /// What the model was quantized for, <see cref="PtqOptions.Runtime"/>. What runs on integers, which conversions are left and the
    /// latency are those of ONNX Runtime on this machine all the same.
    /// </summary>
    public TargetRuntime Runtime { get; init; }

    /// <summary>Warnings to read before the model is used; empty where all went as expected.</summary>
    public required IReadOnlyList<Advice> Warnings
    {
        get;
        init => field = ValueList<Advice>.Of(value, nameof(Warnings));
    }

    /// <summary>The 16-bit floats that the model was converted to; null where it was quantized.</summary>
    internal HalfFormat? Half => Plan.Half;

    /// <summary>
    /// The same with a latency that was measured, and warnings where int8 is slower or the machine was busy; those that were there before
    /// are replaced.
    /// </summary>
    /// <param name="latency">For example what <see cref="ModelEvaluator"/> measured on many samples.</param>
    public PtqResult WithLatency(LatencyComparison latency)
    {
        ArgumentNullException.ThrowIfNull(latency);
        Advice? slower = SpeedAdvice.OfLatency(latency, this, Processor.HasExactProducts());
        return this with
        {
            Latency = latency,
            Warnings =
            [
                .. Warnings.Where(warning => !SpeedAdvice.IsOfLatency(warning)),
                .. slower is null ? (Advice[])[] : [slower],
                .. latency.IsDisturbed ? (Advice[])[SpeedAdvice.Busy(latency)] : [],
            ],
        };
    }
}
