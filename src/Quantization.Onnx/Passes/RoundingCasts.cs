using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds the Casts to 16-bit floats that round. Casts of values that surely have the type already do not, nor do Casts for arithmetic
/// alone: ONNX Runtime computes that in 32 bits on processors, and leaves the Cast before it out.
/// </summary>
internal sealed class RoundingCasts
{
    /// <summary>Operators that ONNX Runtime computes in 32 bits where their operands have 16.</summary>
    private static readonly FrozenSet<string> Arithmetic = FrozenSet.Create(
        "Add", "AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "Div", "Elu", "Erf", "Exp", "Gemm", "GlobalAveragePool",
        "GlobalMaxPool", "HardSigmoid", "HardSwish", "InstanceNormalization", "LeakyRelu", "Log", "LogSoftmax", "MatMul", "Mul", "Neg",
        "PRelu", "Pow", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceSum", "Relu", "Sigmoid", "Softmax", "Sqrt", "Sub", "Sum", "Tanh");

    private readonly HashSet<NodeProto> _found = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, long> _types = [];
    private readonly HashSet<string> _readAsTheyAre;

    private RoundingCasts(GraphProto graph)
    {
        _readAsTheyAre = [.. graph.AllGraphs().SelectMany(each => each.Node)
            .Where(node => !Opset.IsOnnx(node.Domain) || !Arithmetic.Contains(node.OpType)).SelectMany(node => node.Input)];
        _readAsTheyAre.UnionWith(graph.AllGraphs().Skip(1).SelectMany(inner => inner.Output).Select(output => output.Name));
    }

    /// <summary>Arithmetic that a Cast may be left out before; for tests.</summary>
    public static IEnumerable<string> ArithmeticOperators => Arithmetic;

    /// <summary>Finds the nodes, in the graph, in the graphs inside of nodes and in functions.</summary>
    public static IReadOnlySet<NodeProto> Find(ModelProto model)
    {
        RoundingCasts casts = new(model.Graph); // what leaves the model with 16 bits is rounded where it does
        casts.Search(model.Graph);
        foreach (FunctionProto function in model.Functions)
        {
            GraphProto body = new();
            body.Node.Add(function.Node);
            RoundingCasts inside = new(body);
            inside._readAsTheyAre.UnionWith(function.Output);
            inside.Search(body);
            casts._found.UnionWith(inside._found);
        }

        return casts._found;
    }

    private void Search(GraphProto graph)
    {
        foreach (TensorProto tensor in graph.Initializer)
        {
            _types[tensor.Name] = tensor.DataType;
        }

        foreach (ValueInfoProto value in graph.Input.Concat(graph.ValueInfo)
            .Concat(graph.Output).Where(value => value.Type?.TensorType is not null))
        {
            _types[value.Name] = value.Type.TensorType.ElemType;
        }

        foreach (NodeProto node in graph.Node)
        {
            foreach (GraphProto inner in node.Subgraphs())
            {
                Search(inner);
            }

            if (Opset.IsOnnx(node.Domain) && node.Output.Count > 0 && TypeOf(node) is var type and not 0)
            {
                _types[node.Output[0]] = type;
                if (node.OpType == "Cast" && TensorData.IsHalfFloat(type) && _types.GetValueOrDefault(node.Input[0]) != type
                    && _readAsTheyAre.Contains(node.Output[0]))
                {
                    _found.Add(node);
                }
            }
        }
    }

    /// <summary>The element type of a node's first result; 0 where it is not known.</summary>
    private long TypeOf(NodeProto node) => node.OpType switch
    {
        "Cast" => node.GetInt("to", 0),
        "Constant" => node.Attribute is [{ T: { } tensor }] ? tensor.DataType : 0,
        "Where" => _types.GetValueOrDefault(node.Input[1]),
        _ => FloatValues.KeepsType(node) ? _types.GetValueOrDefault(node.Input[0]) : 0,
    };
}
