using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Compares the layers of a quantized model for a report.</summary>
internal static class LayerComparison
{
    /// <summary>A few dozen samples tell which layers are noisy; each is run once per layer.</summary>
    private const int MaxSamples = 32;

    /// <summary>
    /// The noise of every layer on the first samples; empty where nobody looks at it, or there is no sample or no layer on codes.
    /// </summary>
    public static IReadOnlyList<LayerNoise> Run(
        ProgressView view, ReportRequest report, string modelPath, QuantizationPlan plan, ISampleSource? scoring, PtqOptions options,
        CancellationToken cancellation)
    {
        if (!report.NeedsLayers || scoring is null || plan.Nodes.Length == 0 || plan.Half is not null
            || plan.Nodes.Any(node => node.Weights?.Blocks is not null)) // rounding already measured these
        {
            return [];
        }

        view.Begin("Comparing layers");
        return LayerComparer.Compare(modelPath, plan, new FirstSamples(scoring, MaxSamples), options, view.ForSteps(), cancellation);
    }
}
