namespace Quantization.Onnx;

/// <summary>Chooses the ranges of a plan's activations from a calibration.</summary>
internal static class ActivationRanges
{
    /// <summary>The range of each activation by name; a value that was only moved has the range of the value moved.</summary>
    /// <exception cref="OnnxModelException">The calibration does not know one of the activations.</exception>
    public static Dictionary<string, CalibrationResult> Choose(string modelPath, QuantizationPlan plan, ModelCalibration calibration, PtqOptions options)
    {
        Dictionary<string, CalibrationResult> bySource = [];
        foreach (string source in plan.Activations.Values.Distinct())
        {
            if (!calibration.Activations.TryGetValue(source, out TensorStatistics? statistics))
            {
                throw new OnnxModelException(modelPath, $"the calibration has no statistics of activation '{source}'; it was made by another version of ONNX Runtime or of this library, calibrate again.");
            }

            bySource[source] = Choose(statistics, options);
        }

        return plan.Activations.ToDictionary(each => each.Key, each => bySource[each.Value]);
    }

    /// <summary>The parameters of a chosen range.</summary>
    public static QuantizationParameters ToParameters(CalibrationResult result, PtqOptions options) =>
        QuantizationParameters.FromRange(result.Range, options.ActivationFormat, QuantizationScheme.Affine);

    private static CalibrationResult Choose(TensorStatistics statistics, PtqOptions options)
    {
        if (options.ActivationScheme == QuantizationScheme.Affine)
        {
            return options.ActivationCalibrator.Calibrate(statistics, options.ActivationFormat, QuantizationScheme.Affine);
        }

        // Codes without sign have their zero-point in the middle, so a symmetric range is chosen as for codes with sign; values that are never negative need no such half.
        CodeFormat format = statistics.Min < 0 ? CodeFormat.Int8 : CodeFormat.UInt8;
        return options.ActivationCalibrator.Calibrate(statistics, format, QuantizationScheme.Symmetric);
    }
}
