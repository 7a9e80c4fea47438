namespace Quantization.Onnx;

/// <summary>What a search tries.</summary>
/// <param name="Options">What to tell of it.</param>
/// <param name="Plan">The plan.</param>
internal sealed record TrialCandidate(PtqOptions Options, QuantizationPlan Plan)
{
    /// <summary>Whether the plan was refined on samples.</summary>
    public bool IsImproved { get; init; }

    /// <summary>Chose the ranges in bodies; null where bodies are not quantized.</summary>
    public ICalibrator? BodyCalibrator { get; init; }

    /// <summary>What to call it, for people.</summary>
    public string Name => SearchTrial.NameOf(Options) + (IsImproved ? ", improved" : "")
        + (BodyCalibrator is null ? "" : $", branches and loops by {BodyCalibrator.Name}");

    /// <summary>The candidate with a calibrator of its own for one activation.</summary>
    public TrialCandidate With(string activation, ICalibrator calibrator) => new(
        Options with { OwnCalibrators = new Dictionary<string, ICalibrator>(Options.OwnCalibrators) { [activation] = calibrator } },
        Plan.WithCalibrators(new Dictionary<string, ICalibrator> { [activation] = calibrator }));

    /// <summary>The candidate with one calibrator for all activations.</summary>
    public TrialCandidate WithForAll(ICalibrator calibrator) => new(
        Options with { ActivationCalibrator = calibrator, OwnCalibrators = new Dictionary<string, ICalibrator>() },
        Plan.WithCalibrators(Plan.Activations.Select(each => each.Encoding.Range).OfType<ObservedRange>().Select(rule => rule.Source)
            .Distinct().ToDictionary(source => source, _ => calibrator)));
}
