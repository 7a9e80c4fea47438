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

    public static string[] Names { get; } = [Default, Top1, Agreement, SignalToNoise, Cosine, KullbackLeibler];

    /// <summary>The option that chooses one.</summary>
    /// <param name="purpose">What it is for.</param>
    public static Option<string> CreateOption(string purpose)
    {
        Option<string> metric = new("--metric")
        {
            HelpName = string.Join('|', Names),
            Description = $"{purpose}: accuracy, the same class as the float model, or how near the outputs are to its. auto is top1 with labels, else sqnr.",
            DefaultValueFactory = _ => Default,
        };
        metric.AcceptOnlyFromAmong(Names);
        return metric;
    }

    /// <summary>Refuses accuracy without labels.</summary>
    /// <exception cref="UsageException">There are none.</exception>
    public static void ThrowUnlessLabelled(string metric, DataRequest data)
    {
        if (metric == Top1 && !data.IsLabelled)
        {
            throw new UsageException("--metric top1 needs the samples' classes: give --labels labels.csv too, or take --metric agreement.");
        }
    }

    /// <summary>The metric of a name; null for the library's choice.</summary>
    public static ModelMetric? Find(string name) => name switch
    {
        Top1 => ModelMetric.Top1,
        Agreement => ModelMetric.Agreement,
        SignalToNoise => ModelMetric.SignalToNoise,
        Cosine => ModelMetric.Cosine,
        KullbackLeibler => ModelMetric.KullbackLeibler,
        _ => null,
    };
}
