using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Writes the float model with the weights that codes stand for, to tell what the rounding of weights alone costs.</summary>
internal static class RoundedWeights
{
    /// <summary>The model; the float one is not changed.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The weights to round, with the parameters of activations.</param>
    /// <param name="rounding">Turns weights into codes.</param>
    public static ModelProto Write(FloatModel model, QuantizationPlan plan, WeightRounding rounding)
    {
        ModelProto written = model.Model.Clone();
        NameAllocator names = new(written.Graph);
        foreach (NodePlan node in plan.Nodes.Where(node => node.Weights is not null))
        {
            QuantizableNode facts = model.Analysis.Find(node);
            TensorProto values = TensorData.Make<float>(
                TensorProto.Types.DataType.Float, rounding.Round(new PlannedNode(facts, node)).Dequantize(), facts.Weight!.Weight.Dims);
            values.Name = names.Next();
            written.Graph.Initializer.Add(values);
            written.Graph.Node.Single(each => each.Output.Count > 0 && each.Output[0] == node.Result).Input[facts.Weight.Input] =
                values.Name;
        }

        UnusedConstants.Remove(written.Graph);
        return written;
    }
}
