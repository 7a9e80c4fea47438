using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests;

/// <summary>Small models for tests.</summary>
internal sealed class ModelBuilder
{
    public ModelBuilder(long opset = 13)
    {
        Model = new ModelProto { IrVersion = 7, Graph = new GraphProto { Name = "test" } };
        Model.OpsetImport.Add(new OperatorSetIdProto { Version = opset });
    }

    public ModelProto Model { get; }

    public GraphProto Graph => Model.Graph;

    /// <summary>An input of floats; a negative length is free.</summary>
    public ModelBuilder Input(string name, params long[] shape)
    {
        Graph.Input.Add(Value(name, shape));
        return this;
    }

    public ModelBuilder Output(string name, params long[] shape)
    {
        Graph.Output.Add(Value(name, shape));
        return this;
    }

    public ModelBuilder Constant(string name, float[] values, params long[] shape)
    {
        TensorProto tensor = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, shape);
        tensor.Name = name;
        Graph.Initializer.Add(tensor);
        return this;
    }

    public ModelBuilder Integers(string name, long[] values, params long[] shape)
    {
        TensorProto tensor = TensorData.Make<long>(TensorProto.Types.DataType.Int64, values, shape);
        tensor.Name = name;
        Graph.Initializer.Add(tensor);
        return this;
    }

    /// <summary>A list of integers, as shapes and axes are.</summary>
    public ModelBuilder Integers(string name, params long[] values)
    {
        TensorProto tensor = TensorData.Make<long>(TensorProto.Types.DataType.Int64, values, values.Length);
        tensor.Name = name;
        Graph.Initializer.Add(tensor);
        return this;
    }

    /// <summary>A node named after its output.</summary>
    public ModelBuilder Node(string operatorType, string[] inputs, string output, params AttributeProto[] attributes)
    {
        NodeProto node = new() { OpType = operatorType, Name = $"{output}-node" };
        node.Input.Add(inputs);
        node.Output.Add(output);
        node.Attribute.Add(attributes);
        Graph.Node.Add(node);
        return this;
    }

    public static AttributeProto Int(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Ints(string name, params long[] values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.Add(values);
        return attribute;
    }

    public string Save(string path)
    {
        File.WriteAllBytes(path, Model.ToByteArray());
        return path;
    }

    /// <summary><c>y = x · W + b</c>, four values to three.</summary>
    public static ModelBuilder Linear() => new ModelBuilder()
        .Input("x", -1, 4)
        .Output("y", -1, 3)
        .Constant("w", [0.5f, -1, 0.25f, 2, 1, -0.5f, -2, 0.125f, 1, -0.75f, 3, -1.5f], 4, 3)
        .Constant("b", [1, -2, 0.5f], 3)
        .Node("Gemm", ["x", "w", "b"], "y");

    /// <summary>Samples for <see cref="Linear"/>, of a fixed sequence of pseudo-random values.</summary>
    public static SampleList LinearSamples(int count = 8) => new(
        [.. Enumerable.Range(0, count).Select(i => new ModelSample(
            $"sample {i}",
            SampleTensor.Create<float>("x", [.. Enumerable.Range(0, 4).Select(k => ((i * 4 + k) * 37 % 64 - 20) / 16f)], 4)))]);

    private static ValueInfoProto Value(string name, long[] shape)
    {
        TensorShapeProto dimensions = new();
        dimensions.Dim.Add(shape.Select(length => length < 0
            ? new TensorShapeProto.Types.Dimension { DimParam = "N" }
            : new TensorShapeProto.Types.Dimension { DimValue = length }));
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = dimensions }
            }
        };
    }
}
