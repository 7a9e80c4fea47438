namespace Quantization;

/// <summary>
/// A strategy that chooses a range from what was observed. It has no state: the same statistics and target give the same result, on any
/// thread.
/// </summary>
/// <remarks>
/// <para>
/// <see cref="object.Equals(object)"/> and <see cref="object.GetHashCode"/> tell calibrators apart; <see cref="Name"/> is for readers. Two
/// calibrators may be equal only if they give the same result for all statistics, formats
/// and schemes: ranges that one of them chose are then reused for the other. The calibrators of this library are equal where their type and
/// their settings are.
/// </para>
/// <para>
/// A class of your own is safe as it is: without an override, each instance equals only itself. To let equal settings share their work,
/// override both methods and compare the type and every setting, or write a
/// <c>record</c>, which does that.
/// </para>
/// </remarks>
public interface ICalibrator
{
    /// <summary>The strategy's name as reports show it, with its settings: <c>Percentile 99.99</c>.</summary>
    string Name { get; }

    /// <summary>Chooses the range that values of this distribution should be quantized over.</summary>
    /// <param name="statistics">What was observed; it is not changed.</param>
    /// <param name="format">The codes that the range will be spread over.</param>
    /// <param name="scheme">Whether the range must be symmetric about 0 (or, for unsigned codes, start there).</param>
    /// <exception cref="InvalidOperationException">Nothing was observed.</exception>
    CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme);
}
