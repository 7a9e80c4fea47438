namespace Quantization;

/// <summary>Calibration of more than one tensor's worth of statistics.</summary>
public static class CalibratorExtensions
{
    /// <summary>Chooses a range for every channel, in order.</summary>
    /// <exception cref="InvalidOperationException">Nothing was observed.</exception>
    public static CalibrationResult[] Calibrate(
        this ICalibrator calibrator, ChannelStatistics statistics, CodeFormat format, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(calibrator);
        ArgumentNullException.ThrowIfNull(statistics);
        CalibrationResult[] results = new CalibrationResult[statistics.ChannelCount];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = calibrator.Calibrate(statistics[i], format, scheme);
        }

        return results;
    }
}
