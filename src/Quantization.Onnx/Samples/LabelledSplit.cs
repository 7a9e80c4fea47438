namespace Quantization.Onnx;

/// <summary>Deals the samples of a folder, of which some have a label, into those to calibrate on and those to score with.</summary>
internal static class LabelledSplit
{
    private const int Turn = 4;

    /// <summary>
    /// Of the labelled samples, in order, the first, the fifth, the ninth … calibrate and the others score; samples without a label
    /// calibrate.
    /// </summary>
    /// <exception cref="InvalidOperationException">Fewer than two samples have a label.</exception>
    public static (List<string> Calibration, List<string> Scoring) Deal(
        string folder, IEnumerable<string> samples, Predicate<string> isLabelled)
    {
        List<string> calibration = [];
        List<string> scoring = [];
        int labelled = 0;
        foreach (string sample in samples)
        {
            (!isLabelled(sample) || labelled++ % Turn == 0 ? calibration : scoring).Add(sample);
        }

        return scoring.Count > 0
            ? (calibration, scoring)
            : throw new InvalidOperationException(
                $"{folder}: {labelled} of its samples have a label; two are needed, one to calibrate on and one to score with.");
    }
}
