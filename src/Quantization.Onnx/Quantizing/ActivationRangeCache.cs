using System.Collections.Concurrent;

namespace Quantization.Onnx;

/// <summary>The ranges of one calibration's activations, each chosen once however many models are tried. Safe to use from several threads.</summary>
internal sealed class ActivationRangeCache
{
    private readonly ConcurrentDictionary<(string Source, ICalibrator Calibrator, CodeFormat Format, QuantizationScheme Scheme), CalibrationResult> _chosen = [];

    public CalibrationResult Choose(string source, TensorStatistics statistics, ICalibrator calibrator, CodeFormat format, QuantizationScheme scheme) =>
        _chosen.GetOrAdd((source, calibrator, format, scheme), _ => ActivationRanges.Choose(statistics, calibrator, format, scheme));
}
