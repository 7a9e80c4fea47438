namespace Quantization.Onnx;

/// <summary>A model that a search tried. Immutable.</summary>
/// <param name="Name">What was tried, for people.</param>
/// <param name="Options">What was tried; <see cref="PostTrainingQuantizer"/> makes the same model of it.</param>
/// <param name="Score">What it scored.</param>
/// <param name="SameAs">
/// The name of an earlier trial that gave the very same model, so that this one was not measured again; null where there is none.
/// </param>
public sealed record SearchTrial(string Name, PtqOptions Options, TrialScore Score, string? SameAs)
{
    /// <summary>The plan that was tried; plans of further trials are derived from it.</summary>
    internal QuantizationPlan? Plan { get; init; }

    /// <summary>What to call options, for people: <c>MSE, affine, weights MSE per channel</c>.</summary>
    internal static string NameOf(PtqOptions options)
    {
        string scheme = options.ActivationScheme == QuantizationScheme.Affine ? "affine" : "symmetric";
        string granularity = options.WeightGranularity == GranularityKind.PerChannel ? "per channel" : "per tensor";
        string own = options.OwnCalibrators.Count == 0
            ? ""
            : $" + own calibrators for {string.Join(", ", options.OwnCalibrators.Keys.Order(StringComparer.Ordinal))}";
        return $"{options.ActivationCalibrator.Name}, {scheme}, weights {options.WeightCalibrator.Name} {granularity}{own}";
    }
}
