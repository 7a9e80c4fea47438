using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>What <see cref="AutoQuantizer"/> tried, and what it picked. Immutable.</summary>
public sealed record AutoResult
{
    /// <summary>The models that were tried, in the order of <see cref="AutoOptions.Ways"/>.</summary>
    public required IReadOnlyList<AutoCandidate> Candidates
    {
        get;
        init => field = ValueList<AutoCandidate>.Of(value, nameof(Candidates));
    }

    /// <summary>The model that was picked and written; null where none is within the budget, and nothing was written.</summary>
    public AutoCandidate? Chosen => Candidates.FirstOrDefault(each => each.Verdict == AutoVerdict.Chosen);

    /// <summary>The result in a sentence or two: which model was picked and why, or why the float model should stay as it is.</summary>
    public required Advice Summary { get; init; }

    /// <summary>The budget.</summary>
    public required AutoBudget Budget { get; init; }

    /// <summary>What the models were scored by; null where inputs were generated, which say nothing about accuracy.</summary>
    public required ModelMetric? Metric { get; init; }

    /// <summary>What the float model scores; null as before.</summary>
    public required TrialScore? FloatScore { get; init; }

    /// <summary>The median time of a run of the float model, on one thread unless the session options say otherwise.</summary>
    public required TimeSpan FloatLatency { get; init; }

    /// <summary>The bytes of the float model.</summary>
    public required long FloatBytes { get; init; }

    /// <summary>The samples that calibrated; 0 where static int8 was not tried.</summary>
    public required long CalibrationSamples { get; init; }

    /// <summary>The samples that scored; 0 where inputs were generated.</summary>
    public required int ScoringSamples { get; init; }

    /// <summary>How many of them have a label.</summary>
    public required int LabelledSamples { get; init; }

    /// <summary>How many calibration samples an earlier run had seen.</summary>
    public required long ResumedSamples { get; init; }

    /// <summary>
    /// Why the calibration started again although an earlier run had kept one; null as in <see cref="TrialsResult.RestartReason"/>.
    /// </summary>
    public string? RestartReason { get; init; }

    /// <summary>The models whose scores were found in <see cref="AutoOptions.TrialsPath"/>.</summary>
    public required int ModelsResumed { get; init; }

    /// <summary>How long all took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The facts as JSON. Advice is an object of a code, arguments and a message.</summary>
    /// <param name="render">Words the messages; null, the default, for <see cref="Advice.Message"/>.</param>
    public string ToJson(Func<Advice, string>? render = null) =>
        JsonSerializer.Serialize(AutoFacts.Of(this), AutoJsonContext.For(render).AutoFacts);
}
