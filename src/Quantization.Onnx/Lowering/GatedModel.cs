using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The float model with a gate at each activation that a plan turns into codes: an If that either rounds the value as the codes would, or
/// leaves it as it is. So one session tells what any set of activations costs.
/// </summary>
internal sealed class GatedModel
{
    private readonly GraphProto _graph;
    private readonly NameAllocator _names;
    private readonly InitializerPool _pool;

    private GatedModel(FloatModel model)
    {
        Model = model.Model.Clone();
        _graph = Model.Graph;
        _names = new NameAllocator(model.Model.Graph);
        _pool = new InitializerPool(_graph, _names);
    }

    /// <summary>The model.</summary>
    public ModelProto Model { get; }

    /// <summary>
    /// The inputs that open the gates. Each activation has one; the key is the value whose statistics it takes. They stand in the graph's
    /// order.
    /// </summary>
    public Dictionary<string, string> Gates { get; } = [];

    /// <summary>Makes the model of a plan.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="resolved">The plan with the parameters of each activation.</param>
    public static GatedModel Make(FloatModel model, QuantizationPlan plan, QuantizationPlan resolved)
    {
        GatedModel gated = new(model);
        HashSet<string> moved = [.. plan.Nodes.Where(node => model.Analysis.Find(node).Role == NodeRole.DataMovement)
            .SelectMany(node => node.Results).Select(each => each.Value)];
        HashSet<string> madeFromCodes = [.. plan.Nodes.SelectMany(node => node.Results).Select(each => each.Value)];
        Dictionary<string, (string Source, TensorEncoding Encoding)> coded = [];
        foreach ((NodePlan rule, NodePlan found) in plan.Nodes.Zip(resolved.Nodes))
        {
            foreach ((ValueEncoding value, ValueEncoding parameters) in rule.Inputs.Zip(found.Inputs)
                .Concat(rule.Results.Zip(found.Results)))
            {
                if (value.Encoding.Range is ObservedRange observed && !moved.Contains(value.Value))
                {
                    coded.TryAdd(value.Value, (observed.Source, parameters.Encoding));
                }
            }
        }

        foreach (ValueInfoProto input in model.Model.Graph.Input.Where(input => coded.ContainsKey(input.Name)))
        {
            gated.AddGate(input.Name, coded[input.Name], 0, isMadeFromCodes: false);
        }

        foreach (NodeProto node in gated._graph.Node.ToArray())
        {
            foreach (string value in node.Output.Where(coded.ContainsKey).ToArray())
            {
                gated.AddGate(value, coded[value], gated._graph.Node.IndexOf(node) + 1, madeFromCodes.Contains(value));
            }
        }

        return gated;
    }

    private void AddGate(string value, (string Source, TensorEncoding Encoding) coded, int position, bool isMadeFromCodes)
    {
        string gated = _names.Next(), raw = value;
        if (isMadeFromCodes)
        {
            // Whoever sees the value sees what its codes stand for.
            NodeProto producer = _graph.Node[position - 1];
            producer.Output[producer.Output.IndexOf(value)] = raw = gated;
            gated = value;
        }
        else
        {
            foreach (NodeProto reader in _graph.Node)
            {
                for (int i = 0; i < reader.Input.Count; i++)
                {
                    reader.Input[i] = reader.Input[i] == value ? gated : reader.Input[i];
                }
            }
        }

        if (!Gates.TryGetValue(coded.Source, out string? condition))
        {
            Gates[coded.Source] = condition = _names.Next();
            TypeProto.Types.Tensor scalar = new() { ElemType = (int)TensorProto.Types.DataType.Bool, Shape = new TensorShapeProto() };
            _graph.Input.Add(new ValueInfoProto { Name = condition, Type = new TypeProto { TensorType = scalar } });
        }

        NodeProto gate = NodeFactory.Make("If", [condition], gated);
        gate.Attribute.Add(
            new AttributeProto { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph, G = Rounded(raw, coded.Encoding) });
        gate.Attribute.Add(new AttributeProto
        {
            Name = "else_branch",
            Type = AttributeProto.Types.AttributeType.Graph,
            G = Branch([NodeFactory.Make("Identity", [raw], _names.Next())])
        });
        _graph.Node.Insert(position, gate);
    }

    private GraphProto Rounded(string value, TensorEncoding encoding)
    {
        FixedParameters parameters = (FixedParameters)encoding.Range;
        string scale = _pool.Add(TensorData.Make<float>(TensorProto.Types.DataType.Float, [parameters.Scale]));
        string zeroPoint = _pool.Add(TensorData.Make<byte>(CodeTypes.ToOnnx(encoding.Format.Type), [(byte)parameters.ZeroPoint]));
        NodeProto quantize = NodeFactory.Make("QuantizeLinear", [value, scale, zeroPoint], _names.Next());
        return Branch([quantize, NodeFactory.Make("DequantizeLinear", [quantize.Output[0], scale, zeroPoint], _names.Next())]);
    }

    private static GraphProto Branch(IReadOnlyList<NodeProto> nodes)
    {
        GraphProto branch = new() { Name = nodes[^1].Output[0] };
        branch.Node.Add(nodes);
        branch.Output.Add(new ValueInfoProto
        {
            Name = nodes[^1].Output[0],
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } },
        });
        return branch;
    }
}
