using System.Collections.Immutable;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Writes what a plan gives 16 bits. Nodes are added in their order; a Cast stands wherever a value is wanted in the other width, once
/// for a value. A value keeps its name in 32 bits where anything reads it so, such as
/// a graph inside a node, and otherwise in 16.
/// </summary>
internal sealed class HalfLowering
{
    private readonly ModelProto _model;
    private readonly QuantizationPlan _plan;
    private readonly GraphIndex _index;
    private readonly NameAllocator _names;
    private readonly Dictionary<string, NodePlan> _byResult;
    private readonly List<NodeProto> _written = [];
    private readonly HashSet<string> _readInFull = [];
    private readonly HashSet<string> _halfOutputs = [];
    private readonly Dictionary<string, string> _half = [];
    private readonly Dictionary<string, string> _full = [];
    private readonly Dictionary<(string Value, HalfFormat Format), string> _stored = [];
    private readonly Dictionary<(string Value, HalfFormat Format), string> _widened = [];

    /// <param name="model">The model to write to: all its nodes as they are in 32 bits.</param>
    /// <param name="plan">What gets 16 bits.</param>
    public HalfLowering(ModelProto model, QuantizationPlan plan)
    {
        _model = model;
        _plan = plan;
        _index = new GraphIndex(model.Graph);
        _names = new NameAllocator(model.Graph);
        _byResult = plan.Nodes.Where(node => node.IsHalf).ToDictionary(node => node.Result);
    }

    /// <summary>Rewrites the model in place.</summary>
    public void Write()
    {
        GraphProto graph = _model.Graph;
        NodeProto[] nodes = [.. graph.Node];
        if (_plan.HasHalfInterface)
        {
            _halfOutputs.UnionWith(graph.Output.Where(output => HalfBorder.IsFloat(output)
                && _index.FindProducer(output.Name) is not null
                && _index.FindConstant(output.Name) is null).Select(output => output.Name));
        }

        FindFullReads(graph, nodes);
        NarrowInputs(graph);
        foreach (NodeProto node in nodes)
        {
            Add(node);
        }

        NarrowOutputs(graph);
        graph.Node.Clear();
        graph.Node.Add(_written);
        HalfBorder.CorrectTypes(graph, _half.Values);
    }

    /// <summary>The values that something reads in 32 bits, unless their names change at the border.</summary>
    private void FindFullReads(GraphProto graph, NodeProto[] nodes)
    {
        foreach (NodeProto node in nodes)
        {
            ImmutableArray<HalfEncoding> halves = PlanOf(node)?.HalfInputs ?? [];
            _readInFull.UnionWith(node.Input.Where((_, position) => !halves.Any(half => half.Position == position)));
            _readInFull.UnionWith(HalfBorder.Captured(node));
        }

        _readInFull.UnionWith(graph.Output.Select(output => output.Name).Where(name => !_halfOutputs.Contains(name)));
    }

    private NodePlan? PlanOf(NodeProto node) => node.Output.Count > 0 ? _byResult.GetValueOrDefault(node.Output[0]) : null;

    /// <summary>Gives the float inputs of the model 16 bits.</summary>
    private void NarrowInputs(GraphProto graph)
    {
        HashSet<string> outputs = [.. graph.Output.Select(output => output.Name)];
        foreach (ValueInfoProto input
            in graph.Input.Where(input => _plan.HasHalfInterface && HalfBorder.IsFloat(input) && !outputs.Contains(input.Name)))
        {
            HalfBorder.Narrow(input);
            _half[input.Name] = input.Name;
            if (_readInFull.Contains(input.Name))
            {
                _full[input.Name] = _names.Next();
                AddCast(input.Name, _full[input.Name], TensorProto.Types.DataType.Float);
            }
        }
    }

    private void NarrowOutputs(GraphProto graph)
    {
        foreach (ValueInfoProto output in graph.Output.Where(output => _halfOutputs.Contains(output.Name)))
        {
            if (!_half.TryGetValue(output.Name, out string? half) || half != output.Name)
            {
                AddCast(FullNameOf(output.Name), output.Name, TensorProto.Types.DataType.Float16);
            }

            HalfBorder.Narrow(output);
        }
    }

    private void Add(NodeProto source)
    {
        NodeProto node = source.Clone();
        NodePlan? plan = PlanOf(source);
        for (int i = 0; i < node.Input.Count; i++)
        {
            HalfEncoding? half = plan?.HalfInputs.FirstOrDefault(each => each.Position == i);
            node.Input[i] = half is null ? FullNameOf(source.Input[i]) : half.IsStorage ? WidenedNameOf(half) : HalfNameOf(half);
        }

        HalfBorder.RenameCaptured(node, _full);
        _written.Add(node);
        for (int i = 0; i < node.Output.Count; i++)
        {
            string value = source.Output[i];
            if (plan?.HalfResults.Any(half => half.Position == i) == true)
            {
                AddHalfResult(node, i, value);
            }
            else if (_halfOutputs.Contains(value))
            {
                node.Output[i] = _full[value] = _names.Next();
            }
        }
    }

    /// <summary>Names a result of 16 bits, and turns it into 32 where that is wanted.</summary>
    private void AddHalfResult(NodeProto node, int position, string value)
    {
        bool isReadInFull = _readInFull.Contains(value), keepsName = !isReadInFull || _halfOutputs.Contains(value);
        _half[value] = node.Output[position] = keepsName ? value : _names.Next();
        if (isReadInFull)
        {
            string full = keepsName ? _full[value] = _names.Next() : value;
            AddCast(_half[value], full, TensorProto.Types.DataType.Float);
        }
    }

    private string FullNameOf(string value) => _full.GetValueOrDefault(value, value);

    /// <summary>The name of a value in 16 bits.</summary>
    private string HalfNameOf(HalfEncoding encoding)
    {
        if (_half.TryGetValue(encoding.Value, out string? name))
        {
            return name;
        }

        if (_index.FindConstant(encoding.Value) is not null)
        {
            return StoredNameOf(encoding);
        }

        _half[encoding.Value] = name = _names.Next();
        AddCast(FullNameOf(encoding.Value), name, HalfTensor.TypeOf(encoding.Format));
        return name;
    }

    /// <summary>The name of a constant that is stored in 16 bits, behind what turns it back.</summary>
    private string WidenedNameOf(HalfEncoding encoding)
    {
        if (!_widened.TryGetValue((encoding.Value, encoding.Format), out string? name))
        {
            _widened[(encoding.Value, encoding.Format)] = name = _names.Next();
            AddCast(StoredNameOf(encoding), name, TensorProto.Types.DataType.Float);
        }

        return name;
    }

    private string StoredNameOf(HalfEncoding encoding)
    {
        if (!_stored.TryGetValue((encoding.Value, encoding.Format), out string? name))
        {
            TensorProto tensor = HalfTensor.Make(_index.FindConstant(encoding.Value)!, encoding.Format);
            _stored[(encoding.Value, encoding.Format)] = tensor.Name = name = _names.Next();
            _model.Graph.Initializer.Add(tensor);
        }

        return name;
    }

    private void AddCast(string from, string to, TensorProto.Types.DataType type)
    {
        NodeProto node = NodeFactory.Make("Cast", [from], to);
        node.Attribute.Add(NodeFactory.Int("to", (long)type));
        _written.Add(node);
    }
}
