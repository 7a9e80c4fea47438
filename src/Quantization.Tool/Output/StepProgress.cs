namespace Quantization.Tool;

/// <summary>How far a step is.</summary>
/// <param name="Completed">The parts of it that are done.</param>
/// <param name="Total">How many there are; null where that is not known.</param>
/// <param name="Remaining">How long it will still take; null to go by what it took so far.</param>
/// <param name="IsAtMost">Whether it may be over before all parts are done.</param>
internal readonly record struct StepProgress(long Completed, long? Total, TimeSpan? Remaining = null, bool IsAtMost = false);
