using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The metrics that <c>--metric</c> knows.</summary>
internal static class SearchMetrics
{
    public const string Default = "auto";
    private const string Top1 = "top1";
    private const string Agreement = "agreement";
    public const string SignalToNoise = "sqnr";
    private const string Cosine = "cosine";
    private const string KullbackLeibler = "kl";
    private const string Perplexity = "perplexity";
    private const string PooledCosine = "pooled-cosine";
    private const string Recall = "recall@10";
    private const string Spearman = "spearman";

    public static string[] Names { get; } =
        [Default, Top1, Agreement, SignalToNoise, Cosine, KullbackLeibler, Perplexity, PooledCosine, Recall, Spearman];

    /// <summary>The option that chooses one.</summary>
    /// <param name="purpose">What it is for.</param>
    public static Option<string> CreateOption(string purpose)
    {
        Option<string> metric = new("--metric")
        {
            HelpName = string.Join('|', Names),
            Description = $"{purpose}: accuracy, the same class as the float model, or how near the outputs are to the float model's; for "
                + "language models perplexity; for embeddings their cosine, the same nearest neighbours, or the rank correlation with "
                + "--scores. auto is top1 with labels, else sqnr.",
            DefaultValueFactory = _ => Default,
        };
        metric.AcceptOneOf(Names);
        return metric;
    }

    /// <summary>Refuses accuracy without labels and correlation without scores.</summary>
    /// <exception cref="UsageException">There are none.</exception>
    public static void ThrowUnlessLabelled(string metric, DataRequest data)
    {
        if (metric == Top1 && !data.IsLabelled)
        {
            throw new UsageException("--metric top1 needs the samples' classes: give --labels labels.csv too, or take --metric agreement.");
        }

        if (metric == Spearman && data.ScoresPath is null)
        {
            throw new UsageException(
                "--metric spearman needs scores of pairs of samples: give --scores pairs.csv too, or take --metric recall@10.");
        }
    }

    /// <summary>Whether a metric's figures are shares, 0 to 1.</summary>
    public static bool IsShare(string metric, DataRequest data) =>
        metric is Top1 or Agreement or Recall || (metric == Default && data.IsLabelled);

    /// <summary>The figure that ranks, where it is none of those that all models have.</summary>
    public static IReadOnlyList<MetricFigure> Further(TrialScore score) => score.Ranked.Metric.Embeddings is null ? [] : [score.Ranked];

    /// <summary>The metric of a name; null for the library's choice.</summary>
    /// <param name="name">The name.</param>
    /// <param name="modelPath">The float model.</param>
    /// <param name="data">The samples that were named.</param>
    /// <exception cref="UsageException">The metric is of embeddings, and the model has none.</exception>
    public static ModelMetric? Find(string name, string modelPath, DataRequest data) => name switch
    {
        PooledCosine => ModelMetric.EmbeddingCosine(EmbeddingMetricsOf.Find($"--metric {name}", modelPath)),
        Recall => ModelMetric.NeighbourRecall(EmbeddingMetricsOf.Find($"--metric {name}", modelPath)),
        Spearman => ModelMetric.ScoreCorrelation(EmbeddingMetricsOf.Find($"--metric {name}", modelPath), ScoredPair.Read(data.ScoresPath!)),
        Top1 => ModelMetric.Top1,
        Agreement => ModelMetric.Agreement,
        SignalToNoise => ModelMetric.SignalToNoise,
        Cosine => ModelMetric.Cosine,
        KullbackLeibler => ModelMetric.KullbackLeibler,
        Perplexity => ModelMetric.Perplexity,
        _ => null,
    };
}
