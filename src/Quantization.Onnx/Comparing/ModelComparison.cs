using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>Two models beside each other. Immutable.</summary>
public sealed record ModelComparison
{
    /// <summary>What both score, weigh and take: the first as the reference, the second as its only candidate.</summary>
    public required EvaluationResult Scores { get; init; }

    /// <summary>About how many bytes of memory a session of the first model takes, after a run.</summary>
    public required long FirstMemory { get; init; }

    /// <summary>The same of the second model.</summary>
    public required long SecondMemory { get; init; }

    /// <summary>
    /// The layers that both have, in the first model's order; empty where they share no names, or where layers were not compared.
    /// </summary>
    public required IReadOnlyList<ComparedLayer> Layers
    {
        get;
        init => field = ValueList<ComparedLayer>.Of(value, nameof(Layers));
    }

    /// <summary>How many samples the layers were compared on.</summary>
    public required int LayerSamples { get; init; }

    /// <summary>The first model.</summary>
    public ModelScore First => Scores.Reference;

    /// <summary>The second model; its figures of agreement, ratios and divergence are beside the first.</summary>
    public ModelScore Second => Scores.Candidates[0];

    /// <summary>The facts as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(ComparisonFacts.Of(this), ComparisonJsonContext.Default.ComparisonFacts);
}
