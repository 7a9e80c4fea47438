namespace Quantization.Onnx;

/// <summary>Chooses the ranges of a plan's activations from a calibration.</summary>
internal static class ActivationRanges
{
    /// <summary>The range of each activation by name; a value that was only moved has the range of the value moved.</summary>
    /// <exception cref="OnnxModelException">The calibration does not know one of the activations.</exception>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="plan">The activations.</param>
    /// <param name="calibration">What was seen of them.</param>
    /// <param name="options">Calibrators, format and scheme.</param>
    /// <param name="cache">Ranges that were chosen before, of the same calibration; null to choose each anew.</param>
    public static Dictionary<string, CalibrationResult> Choose(string modelPath, QuantizationPlan plan, ModelCalibration calibration, PtqOptions options, ActivationRangeCache? cache = null)
    {
        Dictionary<string, CalibrationResult> bySource = [];
        foreach (string source in plan.Activations.Values.Distinct())
        {
            if (!calibration.Activations.TryGetValue(source, out TensorStatistics? statistics))
            {
                throw new OnnxModelException(modelPath, $"the calibration has no statistics of activation '{source}'; it was made for another runtime than PtqOptions.Runtime, or by another version of ONNX Runtime or of this library; calibrate again.");
            }

            ICalibrator calibrator = options.OwnCalibrators.GetValueOrDefault(source) ?? options.ActivationCalibrator;
            CalibrationResult chosen = cache is null
                ? Choose(statistics, calibrator, options)
                : cache.Choose(source, statistics, calibrator, options);
            bySource[source] = plan.EffectiveRanges.TryGetValue(source, out EffectiveRange effective) ? chosen with { Range = effective.Cut(chosen.Range, options.ActivationScheme, options.ActivationFormat) } : chosen;
        }

        return plan.Activations.ToDictionary(each => each.Key, each => bySource[each.Value]);
    }

    /// <summary>The parameters of a chosen range.</summary>
    public static QuantizationParameters ToParameters(CalibrationResult result, PtqOptions options) =>
        FromRange(result.Range, options);

    /// <summary>The parameters of a range.</summary>
    public static QuantizationParameters FromRange(ValueRange range, PtqOptions options) => options.HasCentredCodes
        ? QuantizationParameters.FromRange(ValueRange.Symmetric(range.MaxMagnitude), options.ActivationFormat.Restricted, QuantizationScheme.Symmetric)
        : QuantizationParameters.FromRange(range, options.ActivationFormat, QuantizationScheme.Affine);

    /// <summary>The range that a calibrator chooses for an activation.</summary>
    public static CalibrationResult Choose(TensorStatistics statistics, ICalibrator calibrator, PtqOptions options)
    {
        if (options.ActivationScheme == QuantizationScheme.Affine)
        {
            return calibrator.Calibrate(statistics, options.ActivationFormat, QuantizationScheme.Affine);
        }

        // Codes without sign have their zero-point in the middle, so a symmetric range is chosen as for codes with sign; values that are never negative need no such half.
        CodeFormat format = statistics.Min < 0 || options.HasCentredCodes ? CodeFormat.Int8 : CodeFormat.UInt8;
        return calibrator.Calibrate(statistics, format, QuantizationScheme.Symmetric);
    }
}
