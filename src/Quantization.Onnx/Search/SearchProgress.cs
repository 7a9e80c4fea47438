namespace Quantization.Onnx;

/// <summary>How far a search is.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Completed">The samples done while calibrating, the models done while trying and refining.</param>
/// <param name="Total">How many there are in all; null where that is not known, or where the stage has no steps.</param>
/// <param name="Remaining">About how long the stage will still take, by what it took so far; null where nothing is known yet.</param>
/// <param name="Best">The best trial so far; null before the first.</param>
public sealed record SearchProgress(SearchStage Stage, long Completed, long? Total, TimeSpan? Remaining, SearchTrial? Best);
