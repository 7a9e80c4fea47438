using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A recipe for a model that is only looked at: small models are cleaned once for all recipes, large ones not at all.</summary>
/// <param name="inner">The recipe.</param>
/// <param name="cleaned">The cleaned model; null for a large model, which goes through the passes alone that read no weight.</param>
internal sealed class InspectedRecipe(IRecipe inner, Lazy<ModelProto>? cleaned) : IRecipe
{
    /// <inheritdoc />
    public string Name => inner.Name;

    /// <inheritdoc />
    public IReadOnlyList<GraphPass> Passes => cleaned is not null ? inner.Passes
        : [.. inner.Passes.Where(
            pass => pass.Name.StartsWith("opset", StringComparison.Ordinal) || pass.Name.StartsWith("unused", StringComparison.Ordinal))];

    /// <inheritdoc />
    public ModelProto Clean(string modelPath, ModelProto original, Func<SessionOptions>? optionsFactory, long largestInMemory)
    {
        if (cleaned is not null)
        {
            return inner is BlockWeightsRecipe ? inner.Clean(modelPath, original, optionsFactory, largestInMemory) : cleaned.Value.Clone();
        }

        ModelProto model = original.Clone();
        ModelCleaner.SeparateInitializers(model);
        return model;
    }

    /// <inheritdoc />
    public void CleanBodies(string modelPath, ModelProto model, Func<SessionOptions>? optionsFactory)
    {
        if (cleaned is not null)
        {
            inner.CleanBodies(modelPath, model, optionsFactory);
        }
    }

    /// <inheritdoc />
    public QuantizableGraph Analyze(GraphIndex graph) => inner.Analyze(graph);

    /// <inheritdoc />
    public IRecipe? InBody(NodeBody body) => cleaned is null ? null : inner.InBody(body); // bodies of large models would be cleaned

    /// <inheritdoc />
    public bool CanQuantize(QuantizableGraph graph) => inner.CanQuantize(graph);

    /// <inheritdoc />
    public ObservationRequest? Observe(QuantizableGraph graph) => inner.Observe(graph);

    /// <inheritdoc />
    public QuantizationPlan Plan(FloatModel model, ModelCalibration? observations) => inner.Plan(model, observations);
}
