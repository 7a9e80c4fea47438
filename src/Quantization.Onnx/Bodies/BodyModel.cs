using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A body as a model of its own, whose inputs are the body's own inputs and then the values that it reads from around it.
/// </summary>
/// <param name="Body">The body.</param>
/// <param name="Kind">When it runs.</param>
/// <param name="Captured">The computed values that it reads from around it.</param>
/// <param name="Runnable">The model as the body is.</param>
/// <param name="Model">The model after the passes of the recipe.</param>
/// <param name="Recipe">The recipe of its passes.</param>
internal sealed record BodyModel(
    NodeBody Body, BodyKind Kind, IReadOnlyList<string> Captured, ModelProto Runnable, FloatModel Model, IRecipe Recipe)
{
    /// <summary>The body's own inputs.</summary>
    public IEnumerable<string> OwnInputs => Body.Graph.Input.Select(input => input.Name);
}
