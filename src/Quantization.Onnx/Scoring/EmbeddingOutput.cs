using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Where a model's embeddings come from: the mean over the sequence of an output <c>[batch, sequence, width]</c>, or an output
/// <c>[batch, width]</c> as it is. Immutable.
/// </summary>
/// <param name="Output">The output.</param>
/// <param name="Mask">
/// The input that is not 0 where a position counts, such as <c>attention_mask</c>; null where all positions count. A sample without it
/// counts as a whole.
/// </param>
public sealed record EmbeddingOutput(string Output, string? Mask)
{
    private const string UsualMask = "attention_mask";

    /// <summary>Models above this size are not read as a whole, since only their graph is needed.</summary>
    private const long LargestInMemory = 1 << 23;

    /// <summary>
    /// Finds the embeddings of a model by its graph: the first output with three axes, beside an input <c>attention_mask</c>, that is not
    /// called logits; else an output with two axes that is called an embedding.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <returns>Null where the graph names no embeddings.</returns>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read.</exception>
    public static EmbeddingOutput? Find(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        OnnxModel read = model is { Path: { } path, IsRead: false } ? OnnxModel.FromFile(path, LargestInMemory) : model;
        GraphProto graph = read.File.Model.Graph;
        string? mask = graph.Input.Any(input => input.Name == UsualMask) ? UsualMask : null;
        return graph.Output.FirstOrDefault(output => mask is not null && AxesOf(output) == 3 && !Has(output, "logits")) is { } tokens
                ? new EmbeddingOutput(tokens.Name, mask)
            : graph.Output.FirstOrDefault(output => AxesOf(output) == 2 && Has(output, "embedding")) is { } pooled
                ? new EmbeddingOutput(pooled.Name, null)
            : null;
    }

    private static bool Has(ValueInfoProto output, string word) => output.Name.Contains(word, StringComparison.OrdinalIgnoreCase);

    private static int AxesOf(ValueInfoProto output) => output.Type?.TensorType?.Shape?.Dim.Count ?? 0;
}
