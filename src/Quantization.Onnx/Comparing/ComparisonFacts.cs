namespace Quantization.Onnx;

/// <summary>A <see cref="ModelComparison"/> as JSON has it. Figures that are infinite are left out.</summary>
internal sealed record ComparisonFacts(
    int Samples, int LabelledSamples, ComparedModelFacts First, ComparedModelFacts Second, int LayerSamples,
    IReadOnlyList<ComparedLayerFacts> Layers)
{
    /// <summary>The facts of a comparison.</summary>
    public static ComparisonFacts Of(ModelComparison comparison) => new(
        comparison.Scores.Samples,
        comparison.Scores.LabelledSamples,
        ComparedModelFacts.Of(comparison.First, comparison.FirstMemory),
        ComparedModelFacts.Of(comparison.Second, comparison.SecondMemory),
        comparison.LayerSamples,
        [
            .. comparison.Layers.Select(layer =>
                new ComparedLayerFacts(layer.Node, layer.Operator, layer.Value, Finite(layer.SignalToNoise), layer.Cosine)),
        ]);

    /// <summary>A figure that JSON can hold.</summary>
    public static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
