namespace Quantization.Reporting;

/// <summary>Which samples did what. Immutable.</summary>
/// <param name="CalibrationSamples">How many calibrated.</param>
/// <param name="ScoringSamples">How many scored; 0 where nothing was measured.</param>
/// <param name="LabelledSamples">How many of those that scored have a label that counts for top-1 accuracy.</param>
/// <param name="Split">How they were kept apart, in a sentence.</param>
public sealed record ReportData(long CalibrationSamples, int ScoringSamples, int LabelledSamples, string Split)
{
    /// <summary>Which padding calibration left out; null where no sample had a mask.</summary>
    public ReportPadding? Padding { get; init; }
}
