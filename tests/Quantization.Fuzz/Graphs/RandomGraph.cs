using Quantization.Onnx;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests;

namespace Quantization.Fuzz.Graphs;

/// <summary>
/// A valid model: a random directed graph over the operators that recipes know and some that they do not, with shared and transposed
/// weights, several outputs, branches that capture values, odd shapes, and constants of zero. The same seed gives the same model.
/// </summary>
internal sealed class RandomGraph
{
    private const int SampleCount = 12;

    private readonly ModelBuilder _builder = new(17);
    private readonly Random _random;
    private readonly List<(string Name, int[] Shape)> _values = [];
    private readonly HashSet<string> _read = [];
    private readonly Dictionary<string, string> _weights = [];
    private int _names;

    private RandomGraph(int seed) => _random = new Random(seed);

    /// <summary>The model.</summary>
    public ModelProto Model => _builder.Model;

    /// <summary>Inputs for it.</summary>
    public SampleList Samples { get; private set; } = new([]);

    /// <summary>Makes the model of a seed.</summary>
    public static RandomGraph Make(int seed)
    {
        RandomGraph graph = new(seed);
        int[] shape = graph._random.Next(3) switch
        {
            0 => [1 + graph._random.Next(2), 1 + graph._random.Next(6), 4 + graph._random.Next(9), 3 + graph._random.Next(9)],
            1 => [1 + graph._random.Next(3), 2 + graph._random.Next(9), 4 + graph._random.Next(12)],
            _ => [1 + graph._random.Next(5), 3 + graph._random.Next(14)],
        };
        graph._builder.Input("x", [.. shape.Select(length => (long)length)]);
        graph._values.Add(("x", shape));
        graph.AddWeighted("x", shape);
        for (int i = 2 + graph._random.Next(10); i > 0; i--)
        {
            (string value, int[] of) = graph._values[^(1 + graph._random.Next(Math.Min(3, graph._values.Count)))];
            graph.AddAny(value, of);
        }

        graph.Finish(shape);
        return graph;
    }

    /// <summary>The nodes, in a line.</summary>
    public string Describe() =>
        string.Join("; ", Model.Graph.Node.Select(node => $"{node.Output[0]} = {node.OpType}({string.Join(", ", node.Input)})"));

    private string Name(string kind) => $"{kind}{_names++}";

    private void Finish(int[] shape)
    {
        foreach ((string name, int[] of) in _values.Where(value => !_read.Contains(value.Name)))
        {
            _builder.Output(name, [.. of.Select(length => (long)length)]);
        }

        _builder.Model.MetadataProps.Add(new StringStringEntryProto { Key = "made by", Value = "a seed" });
        int length = shape.Aggregate(1, (product, each) => product * each);
        double scale = Math.Pow(10, _random.Next(-2, 3)), middle = _random.Next(3) == 0 ? scale : 0;
        Samples = new SampleList([.. Enumerable.Range(0, SampleCount).Select(i => new ModelSample(
            $"sample {i}", SampleTensor.Create<float>(
                "x",
                [.. Enumerable.Range(0, length).Select(_ => (float)(middle + scale * Normal()))],
                [.. shape.Select(each => (long)each)])))
        ]);
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    /// <summary>
    /// A stored tensor: mostly random, at times the one that was stored before, of zeros, or with rows that differ a hundredfold.
    /// </summary>
    private string Store(params int[] shape)
    {
        string key = string.Join(',', shape);
        if (_random.Next(4) == 0 && _weights.TryGetValue(key, out string? before))
        {
            return before;
        }

        int length = shape.Aggregate(1, (product, each) => product * each), fan = Math.Max(1, length / Math.Max(1, shape[0]));
        int kind = _random.Next(20);
        float[] values = [.. Enumerable.Range(0, length).Select(i => kind == 0 ? 0
            : (float)(Normal() / Math.Sqrt(fan) * (kind < 4 ? Math.Pow(10, i * shape[0] / length % 3) : 1)))];
        string name = _weights[key] = Name("w");
        _builder.Constant(name, values, [.. shape.Select(each => (long)each)]);
        return name;
    }

    private string Node(string type, string[] inputs, int[] shape, params AttributeProto[] attributes)
    {
        string name = Name("v");
        _read.UnionWith(inputs);
        _builder.Node(type, inputs, name, attributes);
        _values.Add((name, shape));
        return name;
    }

    private void AddAny(string value, int[] shape)
    {
        switch (_random.Next(14))
        {
            case < 5:
                AddWeighted(value, shape);
                break;
            case < 8:
                string[] simple = ["Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSwish", "Identity", "Abs", "Neg", "Erf", "Softplus", "Elu"];
                Node(simple[_random.Next(simple.Length)], [value], shape);
                break;
            case 8:
                AddClip(value, shape);
                break;
            case 9:
                AddBinary(value, shape);
                break;
            case 10:
                AddLayout(value, shape);
                break;
            case 11:
                AddPool(value, shape);
                break;
            case 12:
                AddNormalization(value, shape);
                break;
            default:
                AddBranch(value, shape);
                break;
        }
    }

    /// <summary>A product with weights: a convolution, a matrix or an LSTM, as the rank allows.</summary>
    private void AddWeighted(string value, int[] shape)
    {
        int outputs = 1 + _random.Next(12);
        if (shape.Length >= 3 && shape[1] > 0 && _random.Next(3) > 0)
        {
            AddConv(value, shape, outputs);
            return;
        }

        int inputs = shape[^1];
        if (shape.Length == 2 && _random.Next(2) == 0)
        {
            bool isTransposed = _random.Next(2) == 0;
            string weight = isTransposed ? Store(outputs, inputs) : Store(inputs, outputs);
            Node("Gemm", [value, weight, Store(outputs)], [shape[0], outputs], ModelBuilder.Int("transB", isTransposed ? 1 : 0));
            return;
        }

        string product = Node("MatMul", [value, Store(inputs, outputs)], [.. shape[..^1], outputs]);
        if (_random.Next(2) == 0)
        {
            Node("Add", _random.Next(2) == 0 ? [product, Store(outputs)] : [Store(outputs), product], [.. shape[..^1], outputs]);
        }
    }

    private void AddConv(string value, int[] shape, int outputs)
    {
        int axes = shape.Length - 2, channels = shape[1];
        int group = _random.Next(3) == 0 ? channels : 1;
        outputs = group == 1 ? outputs : channels * (1 + _random.Next(2));
        int[] kernel = [.. Enumerable.Range(0, axes).Select(_ => 1 + _random.Next(3))];
        int[] strides = [.. kernel.Select(_ => 1 + _random.Next(2))],
            padding = [.. kernel.Concat(kernel).Select(size => _random.Next(size))];
        int[] spatial = [.. kernel.Select((size, i) => (shape[2 + i] + padding[i] + padding[axes + i] - size) / strides[i] + 1)];
        if (kernel.Where((size, i) => shape[2 + i] + padding[i] + padding[axes + i] < size).Any())
        {
            return;
        }

        string[] bias = _random.Next(2) == 0 ? [Store(outputs)] : [];
        Node(
            "Conv", [value, Store([outputs, channels / group, .. kernel]), .. bias], [shape[0], outputs, .. spatial],
            ModelBuilder.Int("group", group),
            ModelBuilder.Ints("strides", [.. strides.Select(each => (long)each)]),
            ModelBuilder.Ints("pads", [.. padding.Select(each => (long)each)]));
    }

    private void AddClip(string value, int[] shape)
    {
        string least = Name("least"), most = Name("most");
        double from = _random.Next(2) == 0 ? 0 : -_random.NextDouble();
        _builder.Constant(least, [(float)from]).Constant(most, [(float)(from + 6 * _random.NextDouble())]);
        _builder.Graph.Initializer[^1].Dims.Clear();
        _builder.Graph.Initializer[^2].Dims.Clear();
        Node("Clip", [value, least, most], shape);
    }

    private void AddBinary(string value, int[] shape)
    {
        string[] operators = ["Add", "Sub", "Mul", "Max", "Min", "Concat"];
        string type = operators[_random.Next(operators.Length)];
        string[] others = [.. _values.Where(each => each.Shape.SequenceEqual(shape)).Select(each => each.Name)];
        string other = others[_random.Next(others.Length)];
        if (type == "Concat")
        {
            int axis = _random.Next(shape.Length);
            Node(type, [value, other], [.. shape.Select((length, i) => i == axis ? 2 * length : length)], ModelBuilder.Int("axis", axis));
            return;
        }

        Node(type, _random.Next(3) == 0 ? [value, Store(shape[^1])] : [value, other], shape);
    }

    private void AddLayout(string value, int[] shape)
    {
        switch (_random.Next(5))
        {
            case 0:
                int[] order = [.. Enumerable.Range(0, shape.Length)];
                _random.Shuffle(order);
                Node(
                    "Transpose",
                    [value],
                    [.. order.Select(axis => shape[axis])],
                    ModelBuilder.Ints("perm", [.. order.Select(each => (long)each)]));
                break;
            case 1:
                Node("Flatten", [value], [shape[0], shape[1..].Aggregate(1, (product, length) => product * length)]);
                break;
            case 2:
                string to = Name("shape");
                int all = shape.Aggregate(1, (product, length) => product * length);
                _builder.Integers(to, [.. ((int[])[1, all]).Select(each => (long)each)]);
                Node("Reshape", [value, to], [1, all]);
                break;
            case 3 when shape[^1] > 1:
                string starts = Name("starts"), ends = Name("ends"), axes = Name("axes");
                int kept = 1 + _random.Next(shape[^1]);
                _builder.Integers(starts, [0L]).Integers(ends, [(long)kept]).Integers(axes, [(long)shape.Length - 1]);
                Node("Slice", [value, starts, ends, axes], [.. shape[..^1], kept]);
                break;
            default:
                string rows = Name("rows");
                _builder.Integers(rows, [0, shape[0] - 1, 0]);
                Node("Gather", [value, rows], [3, .. shape[1..]]);
                break;
        }
    }

    private void AddPool(string value, int[] shape)
    {
        if (shape.Length == 4 && shape[2] >= 2 && shape[3] >= 2)
        {
            string[] pools = ["MaxPool", "AveragePool", "GlobalAveragePool"];
            string type = pools[_random.Next(pools.Length)];
            int[] result = type == "GlobalAveragePool" ? [shape[0], shape[1], 1, 1] : [shape[0], shape[1], shape[2] - 1, shape[3] - 1];
            Node(type, [value], result, type == "GlobalAveragePool" ? [] : [ModelBuilder.Ints("kernel_shape", 2, 2)]);
            return;
        }

        Node("ReduceMean", [value], [.. shape[..^1], 1], ModelBuilder.Ints("axes", shape.Length - 1));
    }

    private void AddNormalization(string value, int[] shape)
    {
        if (_random.Next(3) == 0)
        {
            Node("Softmax", [value], shape, ModelBuilder.Int("axis", -1));
        }
        else if (shape.Length > 2 && _random.Next(2) == 0)
        {
            string variance = Name("variance");
            _builder.Constant(variance, [.. Enumerable.Range(0, shape[1]).Select(_ => (float)(0.1 + _random.NextDouble()))], shape[1]);
            Node("BatchNormalization", [value, Store(shape[1]), Store(shape[1]), Store(shape[1]), variance], shape);
        }
        else
        {
            Node("LayerNormalization", [value, Store(shape[^1]), Store(shape[^1])], shape, ModelBuilder.Int("axis", -1));
        }
    }

    /// <summary>An If on whether the largest input is large, whose branches capture the value and a weight.</summary>
    private void AddBranch(string value, int[] shape)
    {
        string most = Name("most"), limit = Name("limit"), condition = Name("condition"), result = Name("v"),
            weight = Store(shape[^1], shape[^1]);
        _builder.Node("ReduceMax", ["x"], most, ModelBuilder.Int("keepdims", 0)).Constant(limit, [(float)(3 * _random.NextDouble())])
            .Node("Greater", [most, limit], condition);
        _builder.Graph.Initializer[^1].Dims.Clear();
        NodeProto node = new() { OpType = "If", Name = $"{result}-node", Input = { condition }, Output = { result } };
        node.Attribute.Add(Branch(
            "then_branch", new NodeProto { OpType = "MatMul", Name = Name("product"), Input = { value, weight }, Output = { Name("b") } }));
        node.Attribute.Add(
            Branch("else_branch", new NodeProto { OpType = "Neg", Name = Name("negative"), Input = { value }, Output = { Name("b") } }));
        _builder.Graph.Node.Add(node);
        _read.UnionWith(["x", value]);
        _values.Add((result, shape));
    }

    private static AttributeProto Branch(string name, NodeProto node)
    {
        TypeProto floats = new() { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } };
        GraphProto graph = new()
        {
            Name = node.Output[0] + "-graph",
            Node = { node },
            Output = { new ValueInfoProto { Name = node.Output[0], Type = floats } }
        };
        return new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = graph };
    }
}
