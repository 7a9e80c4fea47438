using Quantization.Onnx;
using Quantization.Onnx.Protos;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes.StressNets;

/// <summary>Writes the layers of a trained net as ONNX nodes, one after the other.</summary>
internal sealed class OnnxGraph
{
    private const long Opset = 13, FileFormat = 8;

    private int _names;

    public OnnxGraph(string name, string input, TensorProto.Types.DataType type, params long[] sample)
    {
        Model = new ModelProto { IrVersion = FileFormat, ProducerName = "Quantization.Recipes", Graph = new GraphProto { Name = name } };
        Model.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        Model.Graph.Input.Add(Describe(input, type, sample));
    }

    /// <summary>The model so far.</summary>
    public ModelProto Model { get; }

    /// <summary>Adds a node; the name of its result.</summary>
    public string Node(string operatorType, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes)
    {
        NodeProto node = NodeFactory.Make(operatorType, inputs, $"{operatorType}_{_names++}");
        node.Name = node.Output[0];
        node.Attribute.Add(attributes);
        Model.Graph.Node.Add(node);
        return node.Output[0];
    }

    /// <summary>Adds a constant; its name.</summary>
    public string Constant(float[] values, params long[] shape)
    {
        TensorProto tensor = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, shape);
        tensor.Name = $"constant_{_names++}";
        Model.Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Adds a convolution.</summary>
    /// <param name="input">What it reads.</param>
    /// <param name="weight">The weights, [outputs, inputs, kernel …].</param>
    /// <param name="bias">The bias; null for none.</param>
    /// <param name="stride">The stride of every axis.</param>
    /// <param name="pad">The padding of every side.</param>
    public string Conv(string input, Channels weight, float[]? bias, long stride, long pad)
    {
        int axes = weight.Shape.Length - 2;
        string[] constants =
            bias is null ? [Constant(weight.Values, weight.Shape)] : [Constant(weight.Values, weight.Shape), Constant(bias, bias.Length)];
        return Node("Conv", [input, .. constants], NodeFactory.Ints("strides", Enumerable.Repeat(stride, axes)),
            NodeFactory.Ints("pads", Enumerable.Repeat(pad, 2 * axes)));
    }

    /// <summary>Adds pooling of two by two.</summary>
    public string Pool(string operatorType, string input) =>
        Node(operatorType, [input], NodeFactory.Ints("kernel_shape", [2, 2]), NodeFactory.Ints("strides", [2, 2]));

    /// <summary>Adds a concatenation of channels.</summary>
    public string Concat(string first, string second) => Node("Concat", [first, second], NodeFactory.Int("axis", 1));

    /// <summary>Adds the last layer, whose result is the model's.</summary>
    public void Classifier(string features, Linear linear)
    {
        string flat = Node("Flatten", [features]);
        string weight = Constant(Read(linear.weight!), linear.weight!.shape), bias = Constant(Read(linear.bias!), linear.bias!.shape);
        Node("Gemm", [flat, weight, bias], NodeFactory.Int("transB", 1));
        Model.Graph.Node[^1].Output[0] = "logits";
        Model.Graph.Output.Add(Describe("logits", TensorProto.Types.DataType.Float, linear.weight!.shape[0]));
    }

    /// <summary>The values of a tensor.</summary>
    public static float[] Read(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    private static ValueInfoProto Describe(string name, TensorProto.Types.DataType type, params long[] sample)
    {
        TensorShapeProto shape = new();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "N" });
        shape.Dim.Add(sample.Select(length => new TensorShapeProto.Types.Dimension { DimValue = length }));
        TypeProto.Types.Tensor tensor = new() { ElemType = (int)type, Shape = shape };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
