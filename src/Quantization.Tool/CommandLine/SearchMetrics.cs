using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The metrics that <c>--metric</c> knows.</summary>
internal static class SearchMetrics
{
    public const string Default = "auto";
    public const string Top1 = "top1";
    private const string Agreement = "agreement";
    private const string SignalToNoise = "sqnr";
    private const string Cosine = "cosine";

    public static string[] Names { get; } = [Default, Top1, Agreement, SignalToNoise, Cosine];

    /// <summary>The metric of a name; null for the library's choice.</summary>
    public static ModelMetric? Find(string name) => name switch
    {
        Top1 => ModelMetric.Top1,
        Agreement => ModelMetric.Agreement,
        SignalToNoise => ModelMetric.SignalToNoise,
        Cosine => ModelMetric.Cosine,
        _ => null,
    };
}
