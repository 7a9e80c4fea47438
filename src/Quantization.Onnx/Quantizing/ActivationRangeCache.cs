using System.Collections.Concurrent;

namespace Quantization.Onnx;

/// <summary>The ranges of one calibration's activations, each chosen once however many models are tried. Safe to use from several threads.</summary>
internal sealed class ActivationRangeCache
{
    private readonly ConcurrentDictionary<(string Source, ICalibrator Calibrator, CodeFormat Format, QuantizationScheme Scheme, bool Centred), CalibrationResult> _chosen = [];

    public CalibrationResult Choose(string source, TensorStatistics statistics, ICalibrator calibrator, PtqOptions options) =>
        _chosen.GetOrAdd((source, calibrator, options.ActivationFormat, options.ActivationScheme, options.HasCentredCodes), _ => ActivationRanges.Choose(statistics, calibrator, options));
}
