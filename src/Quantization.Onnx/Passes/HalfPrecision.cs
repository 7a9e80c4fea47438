using Google.Protobuf.Collections;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Lets a model of 16-bit floats compute in 32-bit floats, which is what calibration observes and integers are made from; ONNX Runtime does
/// the same on processors without 16-bit arithmetic. Inputs and outputs keep their types: a Cast stands at the border. A Cast that rounds
/// to 16 bits stays, and another behind it leads back to 32 bits.
/// </summary>
internal static class HalfPrecision
{
    private const int Float = (int)TensorProto.Types.DataType.Float;

    /// <summary>The attributes that name an element type.</summary>
    private static readonly string[] TypeAttributes = ["to", "dtype", "output_dtype"];

    /// <summary>A copy without 16-bit floats inside.</summary>
    /// <returns>Null where the model has none.</returns>
    public static ModelProto? Widen(ModelProto original)
    {
        if (!original.AllTensors().Any(TensorData.IsHalfFloat)
            && !original.AllNodes().SelectMany(node => node.Attribute).Any(NamesHalfFloat)
            && !original.Graph.Input.Any(IsHalfFloat) && !original.Graph.Output.Any(IsHalfFloat))
        {
            return null;
        }

        ModelProto model = original.Clone();
        NameAllocator names = new(model.Graph);
        IReadOnlySet<NodeProto> rounding = RoundingCasts.Find(model);
        foreach (TensorProto tensor in model.AllTensors().Where(TensorData.IsHalfFloat))
        {
            tensor.Widen();
        }

        foreach (AttributeProto attribute
            in model.AllNodes().Where(node => !rounding.Contains(node)).SelectMany(node => node.Attribute).Where(NamesHalfFloat))
        {
            attribute.I = Float;
        }

        foreach (ValueInfoProto value in model.AllGraphs()
            .SelectMany(graph => graph == model.Graph ? graph.ValueInfo : graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
            .Where(IsHalfFloat))
        {
            value.Type.TensorType.ElemType = Float;
        }

        foreach (GraphProto graph in model.AllGraphs().ToArray())
        {
            CastBack(graph.Node, rounding, names);
        }

        foreach (FunctionProto function in model.Functions)
        {
            CastBack(function.Node, rounding, new NameAllocator(
                new GraphProto { Node = { function.Node, new NodeProto { Input = { function.Input }, Output = { function.Output } } } }));
        }

        foreach (ValueInfoProto output in model.Graph.Output.Where(IsHalfFloat).ToArray())
        {
            string inside = Rename(model.Graph, output.Name, names.Next());
            model.Graph.Node.Add(Cast(inside, output.Name, output.Type.TensorType.ElemType));
        }

        foreach (ValueInfoProto input in model.Graph.Input.Where(IsHalfFloat).ToArray())
        {
            string inside = Rename(model.Graph, input.Name, names.Next());
            model.Graph.Node.Insert(0, Cast(input.Name, inside, Float));
        }

        return model;
    }

    private static bool IsHalfFloat(ValueInfoProto value) => value.Type?.TensorType is { } type && TensorData.IsHalfFloat(type.ElemType);

    private static bool NamesHalfFloat(AttributeProto attribute) =>
        attribute.Type == AttributeProto.Types.AttributeType.Int
            && TypeAttributes.Contains(attribute.Name)
            && TensorData.IsHalfFloat(attribute.I);

    /// <summary>Puts a Cast to 32 bits behind each Cast that rounds to 16.</summary>
    private static void CastBack(RepeatedField<NodeProto> nodes, IReadOnlySet<NodeProto> rounding, NameAllocator names)
    {
        for (int i = 0; i < nodes.Count; i++)
        {
            if (rounding.Contains(nodes[i]))
            {
                NodeProto back = Cast(names.Next(), nodes[i].Output[0], Float);
                nodes[i].Output[0] = back.Input[0];
                nodes.Insert(++i, back);
            }
        }
    }

    /// <summary>Gives a value another name wherever nodes make or read it.</summary>
    private static string Rename(GraphProto graph, string from, string to)
    {
        foreach (GraphProto each in graph.AllGraphs())
        {
            foreach (TensorProto tensor in each.Initializer.Where(tensor => tensor.Name == from))
            {
                tensor.Name = to;
            }

            foreach (NodeProto node in each.Node)
            {
                Replace(node.Input);
                Replace(node.Output);
            }

            // What a branch hands out can be a value of the graph around it.
            foreach (ValueInfoProto output in each.Output.Where(output => each != graph && output.Name == from))
            {
                output.Name = to;
            }
        }

        return to;

        void Replace(IList<string> names)
        {
            for (int i = 0; i < names.Count; i++)
            {
                names[i] = names[i] == from ? to : names[i];
            }
        }
    }

    private static NodeProto Cast(string from, string to, int type)
    {
        NodeProto node = new() { OpType = "Cast" };
        node.Input.Add(from);
        node.Output.Add(to);
        node.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = type });
        return node;
    }
}
