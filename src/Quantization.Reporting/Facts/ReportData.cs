using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Which samples did what. Immutable.</summary>
/// <param name="CalibrationSamples">How many calibrated.</param>
/// <param name="ScoringSamples">How many scored; 0 where nothing was measured.</param>
/// <param name="LabelledSamples">How many of those that scored have a label that counts for top-1 accuracy.</param>
/// <param name="Split">Whether they were kept apart, in a sentence.</param>
public sealed record ReportData(long CalibrationSamples, int ScoringSamples, int LabelledSamples, string Split)
{
    /// <summary>How the samples that scored relate to those that calibrated.</summary>
    public SampleSets Sets { get; init; }

    /// <summary>How samples were prepared for the model, in words; null where that is not known.</summary>
    public string? Preprocessing { get; init; }

    /// <summary>
    /// What the float model answers and labels name; null where the logits have no rows of classes, or nothing was measured.
    /// </summary>
    public ClassCounts? Classes { get; init; }

    /// <summary>Which padding calibration left out; null where no sample had a mask.</summary>
    public ReportPadding? Padding { get; init; }
}
