using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Folds a Conv into the Conv that alone reads it, where nothing stands between them and the result costs no more: depthwise before
/// pointwise, for example. Activations are then rounded once less, and the range between, which often spans far more than what comes out
/// of the pair, is not needed.
/// </summary>
internal static class LinearPairs
{
    /// <summary>Folds in place whatever can be folded.</summary>
    public static void Apply(GraphProto graph)
    {
        NameAllocator names = new(graph);
        GraphIndex index = new(graph);
        foreach (NodeProto second in graph.Node.Where(IsConv).ToArray())
        {
            while (Fold(second, graph, index, names))
            {
                index = new GraphIndex(graph);
            }
        }
    }

    private static bool Fold(NodeProto second, GraphProto graph, GraphIndex index, NameAllocator names)
    {
        string between = second.Input[0];
        if (index.FindProducer(between) is not { } first || !IsConv(first) || index.IsVisibleOutside(between)
            || index.Consumers(between).Count != 1
            || WeightSlot.Find(first, index, Targets.AnyForm, out _) is not { } firstSlot
            || WeightSlot.Find(second, index, Targets.AnyForm, out _) is not { } secondSlot
            || ConvolutionPair.Find(first, firstSlot, second, secondSlot) is not { } pair)
        {
            return false;
        }

        float[] weights = pair.MakeWeights(first, firstSlot, second, secondSlot);
        float[]? bias = ConvolutionPair.MakeBias(firstSlot, second, secondSlot);
        if (!Array.TrueForAll(weights, float.IsFinite) || (bias is not null && !Array.TrueForAll(bias, float.IsFinite)))
        {
            return false;
        }

        string input = first.Input[0], weightName = AddConstant(weights, pair.Shape(first, firstSlot, secondSlot));
        second.Input.Clear();
        second.Input.Add([input, weightName]);
        if (bias is not null)
        {
            second.Input.Add(AddConstant(bias, [bias.Length]));
        }

        second.Attribute.Clear();
        second.Attribute.Add(
        [
            NodeFactory.Ints("kernel_shape", pair.Kernel),
            NodeFactory.Ints("strides", pair.Strides),
            NodeFactory.Ints("dilations", pair.Dilations),
            NodeFactory.Ints("pads", pair.Pads),
            NodeFactory.Int("group", pair.Groups),
        ]);
        graph.Node.Remove(first);
        return true;

        string AddConstant(float[] values, long[] shape)
        {
            TensorProto tensor = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, shape);
            tensor.Name = names.Next();
            graph.Initializer.Add(tensor);
            return tensor.Name;
        }
    }

    private static bool IsConv(NodeProto node) => node.OpType == "Conv" && Opset.IsOnnx(node.Domain);
}
