namespace Quantization.Onnx;

/// <summary>The combinations that a search tries: first those of activations, then those of weights beside the best of them.</summary>
internal static class TrialGrid
{
    /// <summary>The baseline, then each scheme and calibrator of activations once, with the baseline's weights.</summary>
    public static List<PtqOptions> Activations(SearchOptions options) => Distinct(
    [
        options.Baseline,
        .. from scheme in options.ActivationSchemes
           from calibrator in options.ActivationCalibrators
           select options.Baseline with { ActivationCalibrator = calibrator, ActivationScheme = scheme },
    ]);

    /// <summary>Each granularity and calibrator of weights once, but those that were tried.</summary>
    /// <param name="options">What to try.</param>
    /// <param name="best">The best of the trials so far.</param>
    public static List<PtqOptions> Weights(SearchOptions options, PtqOptions best) =>
    [
        .. Distinct(
        [
            best,
            .. from granularity in options.WeightGranularities
               from calibrator in options.WeightCalibrators
               select best with { WeightCalibrator = calibrator, WeightGranularity = granularity },
        ]).Skip(1),
    ];

    private static List<PtqOptions> Distinct(IEnumerable<PtqOptions> combinations) => [.. combinations.DistinctBy(each =>
        (each.ActivationCalibrator, each.ActivationScheme, each.WeightCalibrator, each.WeightGranularity))];
}
