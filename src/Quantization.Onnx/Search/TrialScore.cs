namespace Quantization.Onnx;

/// <summary>What a model scored on the scoring samples. Immutable.</summary>
/// <param name="Score">The metric's figure.</param>
/// <param name="Top1">The share of labelled samples whose largest logit is the label's; null where no sample has a label.</param>
/// <param name="Agreement">The share of samples whose largest logit stands where the float model's does; null where the first output has no row of logits a sample.</param>
/// <param name="SignalToNoise">The SQNR of the worst output in dB; +∞ where nothing differs.</param>
/// <param name="Cosine">The cosine of the worst output.</param>
/// <param name="KullbackLeibler">The mean divergence of the class distributions in nats, as <see cref="ModelMetric.KullbackLeibler"/> says; null where the first output has no rows of classes.</param>
public sealed record TrialScore(double Score, double? Top1, double? Agreement, double SignalToNoise, double Cosine, double? KullbackLeibler);
