namespace Quantization.Onnx;

/// <summary>The combinations that a search tries.</summary>
internal static class TrialGrid
{
    /// <summary>Every combination once, the baseline first.</summary>
    public static List<PtqOptions> Combine(SearchOptions options)
    {
        List<PtqOptions> combinations = [options.Baseline];
        foreach (GranularityKind granularity in options.WeightGranularities)
        {
            foreach (ICalibrator weights in options.WeightCalibrators)
            {
                foreach (QuantizationScheme scheme in options.ActivationSchemes)
                {
                    foreach (ICalibrator activations in options.ActivationCalibrators)
                    {
                        combinations.Add(options.Baseline with
                        {
                            ActivationCalibrator = activations,
                            ActivationScheme = scheme,
                            WeightCalibrator = weights,
                            WeightGranularity = granularity,
                        });
                    }
                }
            }
        }

        return [.. combinations.DistinctBy(each => (each.ActivationCalibrator, each.ActivationScheme, each.WeightCalibrator, each.WeightGranularity))];
    }
}
