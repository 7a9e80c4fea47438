namespace Quantization.Reporting;

/// <summary>What one model scored, weighs and takes. Immutable.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Score">The metric's figure; null where no search ranked it.</param>
/// <param name="Top1">The share of labelled samples whose largest logit is the label's; null where no sample has a label.</param>
/// <param name="Agreement">The share of samples whose largest logit stands where the float model's does; null where there are no rows of logits.</param>
/// <param name="SignalToNoise">The SQNR of the worst output in dB; null for the float model, or where it was not measured.</param>
/// <param name="Bytes">The size of its file; null where none was written.</param>
/// <param name="MedianMilliseconds">The median time of a run; null where it was not measured.</param>
public sealed record ReportModel(string Name, double? Score, double? Top1, double? Agreement, double? SignalToNoise, long? Bytes, double? MedianMilliseconds);
