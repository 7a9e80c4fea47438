namespace Quantization.Onnx;

/// <summary>How far partial quantization is.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Completed">The samples done while calibrating, the models done after.</param>
/// <param name="Total">How many there are in all, at most where layers are switched off and on: what is left of <see cref="PartialOptions.MaxTrials"/>; null where nothing is known.</param>
/// <param name="Remaining">
/// About how long the stage will still take, by what it took so far; null where nothing is known yet. While layers are switched off, that and the way back together; both at most.
/// </param>
/// <param name="FloatLayers">How many layers are in float so far.</param>
/// <param name="Score">What the model scores with these; null before the first score.</param>
public sealed record PartialProgress(PartialStage Stage, long Completed, long? Total, TimeSpan? Remaining, int FloatLayers, double? Score);
