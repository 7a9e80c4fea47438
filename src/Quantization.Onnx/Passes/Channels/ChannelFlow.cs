using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Follows channels from the constants that make them to the weights that read them. A positive factor passes through Relu, LeakyRelu,
/// PRelu, pools and Transpose as it is; Add, Sum, Max and Min pass it where all their operands have the same one, and Concat puts factors
/// behind each other. Whatever else reads a channel fixes its factor to 1.
/// </summary>
internal sealed class ChannelFlow
{
    private static readonly HashSet<string> Passing = ["Relu", "LeakyRelu", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"];
    private static readonly HashSet<string> Joining = ["Add", "Sum", "Max", "Min"];

    private readonly GraphIndex _graph;
    private readonly Target _target;
    private readonly ChannelGroups _groups = new();
    private readonly Dictionary<string, ChannelValue> _values = [];
    private readonly List<ChannelMaker> _makers = [];
    private readonly List<ChannelReader> _readers = [];

    private ChannelFlow(GraphIndex graph, Target target)
    {
        _graph = graph;
        _target = target;
    }

    /// <summary>The values whose channels were followed, by name.</summary>
    public IReadOnlyDictionary<string, ChannelValue> Values => _values;

    /// <summary>What makes channels, in the graph's order.</summary>
    public IReadOnlyList<ChannelMaker> Makers => _makers;

    /// <summary>What reads channels and can take factors back, in the graph's order.</summary>
    public IReadOnlyList<ChannelReader> Readers => _readers;

    /// <summary>Follows the channels of a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="target">What it will run on.</param>
    public static ChannelFlow Of(GraphIndex graph, Target target)
    {
        ChannelFlow flow = new(graph, target);
        foreach (NodeProto node in graph.Graph.Node)
        {
            flow.Add(node);
        }

        return flow;
    }

    /// <summary>The group of each channel of a value: channels of one group have one factor.</summary>
    public int[] GroupsOf(string value) => Array.ConvertAll(_values[value].Channels, _groups.Find);

    /// <summary>Whether a group's factor must be 1.</summary>
    public bool IsFixed(int group) => _groups.IsFixed(group);

    /// <summary>Fixes the factors of a value's channels to 1; nothing where the value has none that were followed.</summary>
    public void Fix(string value)
    {
        if (_values.TryGetValue(value, out ChannelValue? found))
        {
            _groups.Fix(found.Channels);
        }
    }

    private void Add(NodeProto node)
    {
        bool isFollowed = Opset.IsOnnx(node.Domain)
            && (AddConvolution(node) || AddLookup(node) || AddPassing(node) || AddTranspose(node) || AddJoining(node) || AddConcat(node));
        if (!isFollowed)
        {
            FixInputs(node, 0);
        }

        foreach (string output in node.Output.Where(_graph.IsVisibleOutside))
        {
            Fix(output);
        }
    }

    private bool AddConvolution(NodeProto node)
    {
        if (node.OpType != "Conv" || WeightSlot.Find(node, _graph, _target, out _) is not { } slot)
        {
            return false;
        }

        string value = node.Input[0];
        long groups = node.GetInt("group", 1);
        bool isDepthwise = groups > 1 && slot.Weight.Dims[1] == 1 && groups == slot.Weight.Dims[0];
        int count = (int)(isDepthwise ? groups : slot.Weight.Dims[1]);
        if (_values.TryGetValue(value, out ChannelValue? read))
        {
            if ((groups == 1 || isDepthwise) && read.Axis == 1 && read.Channels.Length == count)
            {
                _readers.Add(new ChannelReader(node, value, isDepthwise));
            }
            else
            {
                Fix(value);
            }
        }

        Make(node, slot.Channels, slot.Weight.Dims.Count, 1,
            [
                (WeightSlot.WeightInput, 0),
                .. slot.Bias is null ? [] : new[] { (WeightSlot.BiasInput, 0) }
            ]);
        return true;
    }

    private bool AddLookup(NodeProto node)
    {
        // A table that others read too would be stored twice.
        if (node.OpType != "Gather" || _graph.FindConstant(node.Input[0]) is not { Dims: [_, > 0 and long count] } table || !table.IsFloat()
            || node.GetInt("axis", 0) is not (0 or -2)
            || _graph.FindConstant(node.Input[1]) is not null || _graph.IsVisibleOutside(node.Input[0])
            || _graph.Consumers(node.Input[0]).Count > 1)
        {
            return false;
        }

        FixInputs(node, 1);
        Make(node, count, null, -1, [(0, 1)]);
        return true;
    }

    private bool AddPassing(NodeProto node)
    {
        bool passes = Passing.Contains(node.OpType)
            || (node.OpType == "MaxPool" && node.Output.Count == 1)
            || (node.OpType == "PRelu" && _graph.FindConstant(node.Input[1]) is not null);
        if (!passes || !_values.TryGetValue(node.Input[0], out ChannelValue? value))
        {
            return false;
        }

        _values[node.Output[0]] = value;
        return true;
    }

    private bool AddTranspose(NodeProto node)
    {
        if (node.OpType != "Transpose" || !_values.TryGetValue(node.Input[0], out ChannelValue? value))
        {
            return false;
        }

        if (node.Attribute.FirstOrDefault(attribute => attribute.Name == "perm") is not { Ints.Count: > 0 } order)
        {
            return false;
        }

        int axis = value.Axis < 0 ? order.Ints.Count - 1 : value.Axis;
        _values[node.Output[0]] = new ChannelValue(value.Channels, order.Ints.Count, order.Ints.IndexOf(axis));
        return true;
    }

    private bool AddJoining(NodeProto node)
    {
        if (!Joining.Contains(node.OpType)
            || FindOperands(node) is not [{ } first, ..] operands
            || !Array.TrueForAll(operands, each => each.IsAlignedWith(first) && each.Channels.Length == first.Channels.Length))
        {
            return false;
        }

        foreach (ChannelValue other in operands)
        {
            _groups.Join(first.Channels, other.Channels);
        }

        _values[node.Output[0]] = first;
        return true;
    }

    private bool AddConcat(NodeProto node)
    {
        if (node.OpType != "Concat"
            || FindOperands(node) is not [{ } first, ..] operands
            || !Array.TrueForAll(operands, each => each.IsAlignedWith(first))
            || (node.GetInt("axis", 0) is var axis && (axis < 0 ? axis + first.Rank : axis) != first.Axis))
        {
            return false;
        }

        _values[node.Output[0]] = first with { Channels = [.. operands.SelectMany(each => each.Channels)] };
        return true;
    }

    /// <summary>What a node reads; null where the channels of one operand were not followed.</summary>
    private ChannelValue[]? FindOperands(NodeProto node)
    {
        ChannelValue[] found = [.. node.Input.Select(input => _values.GetValueOrDefault(input)).OfType<ChannelValue>()];
        return found.Length == node.Input.Count ? found : null;
    }

    private void Make(NodeProto node, long count, int? rank, int axis, IReadOnlyList<(int Input, int Axis)> constants)
    {
        _makers.Add(new ChannelMaker(node, node.Output[0], count, constants));
        _values[node.Output[0]] = new ChannelValue(_groups.Add(count), rank, axis);
    }

    private void FixInputs(NodeProto node, int first)
    {
        foreach (string input in node.Input.Skip(first))
        {
            Fix(input);
        }
    }
}
