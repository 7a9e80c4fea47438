using Quantization.Onnx;

namespace Quantization.Hosting;

/// <summary>How a registered quantizer works. A host checks the options at its start; later changes are ignored.</summary>
public sealed class ModelQuantizerOptions
{
    /// <summary>How models are quantized; int8 with ranges from samples where nothing else is said.</summary>
    public QuantizationWay Way { get; set; } = QuantizationWay.StaticInt8;

    /// <summary>The options of <see cref="QuantizationWay.StaticInt8"/>.</summary>
    public PtqOptions Static { get; set; } = new();

    /// <summary>The options of <see cref="QuantizationWay.DynamicInt8"/>.</summary>
    public DynamicOptions Dynamic { get; set; } = new();

    /// <summary>
    /// The options of <see cref="QuantizationWay.WeightsInt8"/> and <see cref="QuantizationWay.WeightsInt4"/>; the latter takes 4 bits
    /// where they name neither blocks nor bits.
    /// </summary>
    public WeightOnlyOptions Weights { get; set; } = new();

    /// <summary>The options of <see cref="QuantizationWay.Half"/>.</summary>
    public HalfPrecisionOptions Half { get; set; } = new();

    /// <summary>The options of <see cref="IModelQuantizer.DecideAsync"/>.</summary>
    public AutoOptions Auto { get; set; } = new();

    /// <summary>How many calls work at the same time; the others wait. The default is 1, since one call uses all processors.</summary>
    public int MaxConcurrency { get; set; } = 1;

    /// <summary>The least time between two log entries of progress within a stage; 10 seconds where nothing else is said.</summary>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromSeconds(10);
}
