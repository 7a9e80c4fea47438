namespace Quantization.Onnx;

/// <summary>A set of layers beside all that is asked for.</summary>
/// <param name="Set">The set.</param>
/// <param name="Score">What it scores.</param>
/// <param name="LatencyRatio">Its time, in multiples of the int8 model's; 1 where no latency is asked for.</param>
/// <param name="Bytes">The bytes of its file.</param>
/// <param name="Missed">What it misses.</param>
/// <param name="Excess">By how much, as the largest share of what was asked for; 0 where it misses nothing.</param>
internal sealed record LimitedPoint(
    LayerSet Set, TrialScore Score, double LatencyRatio, long Bytes, IReadOnlyList<PartialBudget> Missed, double Excess);
