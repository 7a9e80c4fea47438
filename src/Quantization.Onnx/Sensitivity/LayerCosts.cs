using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>Counts what layers compute, from the shapes that a sample leads to.</summary>
internal static class LayerCosts
{
    /// <summary>The cost of each layer by the node's name.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="layers">Its weighted nodes.</param>
    /// <param name="sample">The sample to run.</param>
    /// <param name="sessionOptions">The user's session options.</param>
    /// <exception cref="OnnxModelException">There is no layer.</exception>
    public static Dictionary<string, LayerCost> Count(
        FloatModel model, IReadOnlyList<QuantizableNode> layers, ModelSample sample, Func<SessionOptions>? sessionOptions)
    {
        if (layers.Count == 0)
        {
            throw new OnnxModelException(model.File.Path, "no node with weights is quantized, so there are no layers to compare or to "
                + "leave in float; quantize the model without comparing layers, or use it as it is.");
        }

        string[] values = [.. layers.Select(layer => layer.Node.Output[0]).Distinct()];
        using InferenceSession session = ModelSession.Open(model.File.Path, ObservedModel.Of(model.Model, values), sessionOptions);
        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, values);
        Dictionary<string, long> elements = values.Zip(outputs, (value, output) => (value, output.GetTensorTypeAndShape().ElementCount))
            .ToDictionary(each => each.value, each => each.ElementCount);
        return layers.ToDictionary(layer => layer.Label, layer => new LayerCost(
            layer.Role == NodeRole.TableLookup ? 0 : WeightSlot.CountProducts(layer.Node, layer.Weight!, elements[layer.Node.Output[0]]),
            layer.Weight!.Weight.CountElements()!.Value));
    }
}
