namespace Quantization.TorchSharp;

/// <summary>What <see cref="QuantizationAwareTraining.Prepare"/> did with one layer.</summary>
/// <param name="Path">Where in the model it is.</param>
/// <param name="Kind">The type of the float layer.</param>
/// <param name="Quantized">The layer that took its place; null where it was left alone.</param>
/// <param name="FoldedBatchNorm">The path of the BatchNorm that went into it, or null.</param>
/// <param name="Reason">Why it was left alone; null where it was quantized.</param>
public sealed record PreparedLayer(string Path, string Kind, QuantizedLayer? Quantized, string? FoldedBatchNorm, string? Reason)
{
    /// <summary>The table that took an Embedding's place; null for other layers and where it was left alone.</summary>
    public QuantizedEmbedding? Embedding { get; init; }

    /// <summary>
    /// One line for a report, for example <c>features.0 Conv2d: 4-bit weights, 8-bit activations, features.1 folded in</c>.
    /// </summary>
    public override string ToString() => Embedding is not null ? $"{Path} {Kind}: {Embedding.Quantization.WeightBits}-bit rows"
        : Quantized is null ? $"{Path} {Kind}: left in float, {Reason}"
        : $"{Path} {Kind}: {Quantized.Quantization.WeightBits}-bit weights, "
            + $"{Activations(Quantized.Quantization)}{(FoldedBatchNorm is null ? "" : $", {FoldedBatchNorm} folded in")}";

    private static string Activations(LayerQuantization quantization) =>
        quantization.QuantizesActivations ? $"{quantization.ActivationBits}-bit activations" : "float activations";
}
