using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A way to quantize models, as a value: the passes that it wants, what it must observe, and the plan that follows. Recipes do not call
/// each other. All of them go the way of <see cref="RecipeRunner"/>.
/// </summary>
internal interface IRecipe
{
    /// <summary>What plans and messages call the recipe, such as <c>static-int8</c>.</summary>
    string Name { get; }

    /// <summary>The passes that bring a cleaned model into the form that the recipe plans for, in their order.</summary>
    IReadOnlyList<GraphPass> Passes { get; }

    /// <summary>Brings a model as it was read into the form that rules and passes expect. The argument stays as it is.</summary>
    /// <inheritdoc cref="ModelCleaner.Clean"/>
    ModelProto Clean(string modelPath, ModelProto original, Func<SessionOptions>? optionsFactory, long largestInMemory) =>
        ModelCleaner.Clean(modelPath, original, optionsFactory, largestInMemory);

    /// <summary>Brings the bodies of a cleaned model's nodes into the form that rules expect, in place.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    void CleanBodies(string modelPath, ModelProto model, Func<SessionOptions>? optionsFactory)
    {
    }

    /// <summary>Asks the rules what each node can do.</summary>
    /// <param name="graph">A graph, before or after the passes.</param>
    QuantizableGraph Analyze(GraphIndex graph);

    /// <summary>
    /// The recipe for a body, which is quantized as a model of its own; null where the recipe plans the nodes of bodies itself, or leaves
    /// them.
    /// </summary>
    IRecipe? InBody(NodeBody body) => null;

    /// <summary>Whether there is something to quantize in a graph. Where there is not, the model stays as it is.</summary>
    bool CanQuantize(QuantizableGraph graph);

    /// <summary>What must be observed before the recipe plans; null where no sample is needed.</summary>
    ObservationRequest? Observe(QuantizableGraph graph);

    /// <summary>The plan for a model.</summary>
    /// <param name="model">The model, after the passes.</param>
    /// <param name="observations">
    /// What was observed; null before, or where nothing was asked for. The encodings of such a plan are those that nothing observed speaks
    /// against.
    /// </param>
    QuantizationPlan Plan(FloatModel model, ModelCalibration? observations);
}
