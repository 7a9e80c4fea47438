namespace Quantization.Onnx;

/// <summary>What a measure cost. Immutable.</summary>
/// <param name="Models">The models that were run over all samples.</param>
/// <param name="Resumed">The models whose scores were found in <see cref="SensitivityOptions.TrialsPath"/> instead.</param>
/// <param name="Runs">The runs of a model on a sample: <paramref name="Models"/> times the samples.</param>
/// <param name="Elapsed">The time by the clock, with models side by side.</param>
public sealed record MeasureCost(int Models, int Resumed, long Runs, TimeSpan Elapsed);
