using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The metrics of a model's embeddings.</summary>
internal static class EmbeddingMetricsOf
{
    private const int Neighbours = 10;

    /// <summary>With fewer samples most others are among the nearest.</summary>
    private const int MinSamples = 5 * Neighbours;

    /// <summary>What to measure of a model: nothing where its graph names no embeddings.</summary>
    /// <param name="modelPath">The float model.</param>
    /// <param name="data">The samples that were named.</param>
    /// <param name="samples">How many there are; null where that is not known.</param>
    /// <exception cref="UsageException">Scores are given, but there are no embeddings.</exception>
    public static IReadOnlyList<ModelMetric> Measure(string modelPath, DataRequest data, int? samples)
    {
        EmbeddingOutput? source = EmbeddingOutput.Find(modelPath);
        return source is null ? data.ScoresPath is null ? [] : throw NoEmbeddings("--scores", modelPath) :
        [
            ModelMetric.EmbeddingCosine(source),
            .. samples >= MinSamples ? (ModelMetric[])[ModelMetric.NeighbourRecall(source, Neighbours)] : [],
            .. data.ScoresPath is { } scores ? (ModelMetric[])[ModelMetric.ScoreCorrelation(source, ScoredPair.Read(scores))] : [],
        ];
    }

    /// <summary>Where a model's embeddings come from.</summary>
    /// <param name="option">The option that needs them.</param>
    /// <param name="modelPath">The float model.</param>
    /// <exception cref="UsageException">There are none.</exception>
    public static EmbeddingOutput Find(string option, string modelPath) =>
        EmbeddingOutput.Find(modelPath) ?? throw NoEmbeddings(option, modelPath);

    private static UsageException NoEmbeddings(string option, string modelPath) => new(
        $"{option} needs embeddings, but {modelPath} has neither an output [batch, sequence, width] beside an input "
            + "'attention_mask' nor an "
        + "output [batch, width] called an embedding; take another metric, or name the output from C# (EmbeddingOutput).");
}
