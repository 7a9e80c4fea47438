namespace Quantization.Onnx;

/// <summary>How long a run of the float model and of the quantized one takes, measured in turn in the same process. Immutable.</summary>
/// <param name="Float">The median time of one run of the float model.</param>
/// <param name="Quantized">The median time of one run of the quantized model.</param>
/// <param name="TimedRuns">How many runs each median is of.</param>
public sealed record LatencyComparison(TimeSpan Float, TimeSpan Quantized, int TimedRuns)
{
    /// <summary>A difference below a twentieth is the machine's, not the models'.</summary>
    private const double NotableRatio = 1.05;

    /// <summary><see cref="Quantized"/> as a multiple of <see cref="Float"/>: below 1 the quantized model is faster.</summary>
    public double Ratio => Quantized / Float;

    /// <summary>Whether the quantized model takes at least a twentieth longer than the float one.</summary>
    public bool IsSlower => Quantized > Float * NotableRatio;
}
