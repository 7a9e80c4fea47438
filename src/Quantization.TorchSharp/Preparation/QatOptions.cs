namespace Quantization.TorchSharp;

/// <summary>How a model is turned into its form for quantization-aware training.</summary>
public sealed record QatOptions
{
    /// <summary>
    /// The bits and ranges of every layer that <see cref="Layers"/> does not name. The default is
    /// <see cref="LayerQuantization.EightBits"/>.
    /// </summary>
    public LayerQuantization Default { get; init; } = LayerQuantization.EightBits;

    /// <summary>
    /// The bits and ranges of single layers by their path in the model, as <c>named_modules()</c> tells it, for example <c>features.0</c>;
    /// null leaves the layer in float. First and last layers often stay at 8 bits.
    /// </summary>
    public IReadOnlyDictionary<string, LayerQuantization?> Layers { get; init; } = new Dictionary<string, LayerQuantization?>();

    /// <summary>
    /// The bits and ranges of tables that <see cref="Layers"/> does not name, one scale for each row; null leaves them in float. The
    /// default is 8 bits.
    /// </summary>
    public LayerQuantization? Embeddings { get; init; } = LayerQuantization.EightBits;

    /// <summary>Whether a BatchNorm right behind a layer in a Sequential is folded into it. The default is true.</summary>
    public bool FoldBatchNorm { get; init; } = true;

    /// <summary>
    /// BatchNorms to fold in modules of your own, where nothing tells what runs after what: the layer's path and its BatchNorm's, for
    /// example <c>("block.conv1", "block.norm1")</c>. The BatchNorm must be the only reader of the layer's result.
    /// </summary>
    public IReadOnlyList<(string Layer, string BatchNorm)> BatchNorms { get; init; } = [];
}
