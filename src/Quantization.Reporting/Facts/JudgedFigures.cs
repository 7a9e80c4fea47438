namespace Quantization.Reporting;

/// <summary>The figures that decide a verdict about a model compared with another.</summary>
/// <param name="ReferenceTop1">The accuracy of the first model; null where there are no labels.</param>
/// <param name="Top1">That of the other.</param>
/// <param name="Agreement">The share of samples that both give the same class; null where the outputs are no classes.</param>
/// <param name="SignalToNoise">How far the other's outputs lie above their noise, in dB; null where nothing was measured.</param>
/// <param name="Samples">How many samples were measured.</param>
/// <param name="LabelledSamples">How many of them have a label.</param>
internal readonly record struct JudgedFigures(
    double? ReferenceTop1, double? Top1, double? Agreement, double? SignalToNoise, int Samples, int LabelledSamples)
{
    /// <summary>The figures that decide a report's verdict.</summary>
    public static JudgedFigures Of(QuantizationReport report) => new(
        report.Float.Top1,
        report.Quantized.Top1,
        report.Quantized.Agreement,
        report.Quantized.SignalToNoise,
        report.Data.ScoringSamples,
        report.Data.LabelledSamples);
}
