using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Hostile;

/// <summary>
/// Random small models whose branches and loops capture values of the graph around them. Each has the image <c>x</c> as input, and the same
/// seed gives the same model.
/// </summary>
internal sealed class BranchGraphs
{
    private static readonly string[] Operators =
    ["Conv", "Conv", "Conv", "Conv", "MaxPool", "Reshape", "Transpose", "Slice", "Squeeze", "Unsqueeze", "Concat", "Add", "Sigmoid",
        "Split", "Identity", "Nothing", "Flatten", "MatMul", "Relu", "If", "If", "Loop", "Deep"];

    private readonly ModelBuilder _model = GraphCases.Image(17);
    private readonly List<(string Name, long[] Shape)> _values = [("x", GraphCases.ImageShape)];
    private readonly HashSet<string> _read = [];
    private readonly Random _random;
    private readonly int _seed;
    private int _names;

    private BranchGraphs(int seed)
    {
        _seed = seed;
#pragma warning disable CA5394 // nothing secret here
        _random = new Random(seed);
#pragma warning restore CA5394
    }

    /// <summary>Makes the model of a seed.</summary>
    public static ModelBuilder Make(int seed)
    {
        BranchGraphs graph = new(seed);
        graph._model.Node("ReduceMax", ["x"], "most", ModelBuilder.Int("keepdims", 0)).Constant("limit", [2.5f])
            .Node("Greater", ["most", "limit"], "yes").Integers("twice", [2], []);
        graph._model.Graph.Initializer.Add(
            new TensorProto { Name = "true", DataType = (int)TensorProto.Types.DataType.Bool, Int32Data = { 1 } });
        graph.AddConv("x", GraphCases.ImageShape);
        int nodes = 3 + graph.Next(7);
        for (int i = 0; i < nodes; i++)
        {
            graph.Add(Operators[graph.Next(Operators.Length)]);
        }

        graph.Add("If");
        return graph.Finish();
    }

    /// <summary>
    /// Makes the model of a seed with a layer in each body, whose weights lie in it or around it: bodies are quantized too.
    /// </summary>
    public static ModelBuilder MakeWithWeights(int seed)
    {
        ModelBuilder model = Make(seed);
        int number = 0;
        foreach (GraphProto body in model.Graph.AllGraphs().Skip(1).ToArray())
        {
            NodeProto last = body.Node[^1];
            long[] shape = [.. body.Output[^1].Type.TensorType.Shape.Dim.Select(length => length.DimValue)];
            if (last.Subgraphs().Any() || shape.Length < 2 || shape[^1] > 300)
            {
                continue;
            }

            string name = $"layer{number++}";
            bool isImage = shape.Length == 4 && shape[0] == 1 && seed % 2 == 0;
            int width = (int)(isImage ? shape[1] : shape[^1]);
            int count = width * width * (isImage ? 9 : 1);
            TensorProto weights = TensorData.Make<float>(
                TensorProto.Types.DataType.Float,
                RandomTensors.Normal(seed + number, count, 0.5 / Math.Sqrt(count / width)),
                isImage ? [width, width, 3, 3] : [width, width]);
            weights.Name = $"{name}-w";
            (number % 2 == 0 ? body : model.Graph).Initializer.Add(weights);
            NodeProto layer = new()
            {
                OpType = isImage ? "Conv" : "MatMul",
                Name = name,
                Input = { last.Input[0], weights.Name },
                Output = { $"{name}-y" }
            };
            if (isImage)
            {
                layer.Attribute.Add(ModelBuilder.Ints("pads", 1, 1, 1, 1));
            }

            last.Input[0] = layer.Output[0];
            body.Node.Insert(body.Node.Count - 1, layer);
        }

        return model;
    }

    private int Next(int below)
    {
#pragma warning disable CA5394
        return _random.Next(below);
#pragma warning restore CA5394
    }

    private string NewName() => $"v{_names++}";

    /// <summary>A value that is there, one of the newest more often than not.</summary>
    private (string Name, long[] Shape) Pick(Predicate<long[]>? fits = null)
    {
        (string Name, long[] Shape)[] fitting = [.. _values.Where(value => fits is null || fits(value.Shape))];
        return fitting.Length == 0 ? ("", []) : fitting[Next(3) == 0 ? Next(fitting.Length) : Math.Max(0, fitting.Length - 1 - Next(3))];
    }

    private void Add(string operatorType)
    {
        switch (operatorType)
        {
            case "Conv" when Pick(shape => shape.Length == 4 && shape[0] == 1) is { Name.Length: > 0 } image:
                AddConv(image.Name, image.Shape);
                break;
            case "MaxPool" when Pick(shape => shape.Length == 4 && shape[2] % 2 == 0 && shape[3] % 2 == 0) is { Name.Length: > 0 } image:
                Emit(
                    "MaxPool",
                    [image.Name],
                    [image.Shape[0], image.Shape[1], image.Shape[2] / 2, image.Shape[3] / 2],
                    ModelBuilder.Ints("kernel_shape", 2, 2),
                    ModelBuilder.Ints("strides", 2, 2));
                break;
            case "Reshape":
                (string reshaped, long[] from) = Pick();
                long all = from.Aggregate(1L, (a, b) => a * b);
                long[] to = Next(2) == 0 ? [1, all] : all % 4 == 0 ? [1, 4, all / 4, 1] : [1, 1, all];
                string shapeName = NewName();
                _model.Integers(shapeName, to);
                Emit("Reshape", [reshaped, shapeName], to);
                break;
            case "Transpose":
                (string turned, long[] axes) = Pick(shape => shape.Length > 1);
                long[] order = axes.Length == 4 && Next(2) == 0
                    ? [0, 1, 3, 2]
                    : [.. Enumerable.Range(0, axes.Length).Select(axis => (long)(axes.Length - 1 - axis))];
                Emit("Transpose", [turned], [.. order.Select(axis => axes[axis])], ModelBuilder.Ints("perm", order));
                break;
            case "Slice" when Pick(shape => shape[^1] > 1) is { Name.Length: > 0 } sliced:
                (string start, string end, string axisName) = (NewName(), NewName(), NewName());
                _model.Integers(start, [0]).Integers(end, [sliced.Shape[^1] - 1]).Integers(axisName, [sliced.Shape.Length - 1]);
                Emit("Slice", [sliced.Name, start, end, axisName], [.. sliced.Shape[..^1], sliced.Shape[^1] - 1]);
                break;
            case "Squeeze" when Pick(shape => shape[0] == 1 && shape.Length > 2) is { Name.Length: > 0 } squeezed:
                _model.Integers(axisName = NewName(), [0]);
                Emit("Squeeze", [squeezed.Name, axisName], squeezed.Shape[1..]);
                break;
            case "Unsqueeze" when Pick(shape => shape.Length < 4) is { Name.Length: > 0 } unsqueezed:
                _model.Integers(axisName = NewName(), [0]);
                Emit("Unsqueeze", [unsqueezed.Name, axisName], [1, .. unsqueezed.Shape]);
                break;
            case "Concat" or "Add":
                (string left, long[] shape) = Pick();
                (string right, _) = Pick(other => other.SequenceEqual(shape));
                Emit(
                    operatorType,
                    [left, right],
                    operatorType == "Add" ? shape : [.. shape[..^1], 2 * shape[^1]],
                    operatorType == "Add" ? [] : [ModelBuilder.Int("axis", -1)]);
                break;
            case "Sigmoid" or "Identity" or "Relu":
                (string value, shape) = Pick();
                Emit(operatorType, [value], shape);
                break;
            case "Nothing":
                (value, shape) = Pick();
                string neutral = NewName(),
                    doesNothing = ((string[])["Add", "Sub", "Mul", "Div", "Dropout", "Cast", "Expand", "Sum", "Concat", "Pad"])[Next(10)];
                _model.Constant(neutral, [doesNothing is "Mul" or "Div" ? 1 : 0]).Integers($"{neutral}-shape", [.. shape.Select(_ => 1L)]);
                _model.Integers($"{neutral}-pads", new long[2 * shape.Length]);
                Emit(
                    doesNothing,
                    doesNothing is "Dropout" or "Cast" or "Sum" or "Concat" ? [value]
                        : doesNothing is "Expand" ? [value, $"{neutral}-shape"]
                        : doesNothing is "Pad" ? [value, $"{neutral}-pads"]
                        : [value, neutral],
                    shape,
                    doesNothing == "Cast" ? [ModelBuilder.Int("to", 1)] : doesNothing == "Concat" ? [ModelBuilder.Int("axis", 0)] : []);
                break;
            case "Flatten" when Pick(shape => shape.Length > 2) is { Name.Length: > 0 } flat:
                Emit("Flatten", [flat.Name], [flat.Shape[0], flat.Shape[1..].Aggregate(1L, (a, b) => a * b)]);
                break;
            case "Split" when Pick(shape => shape[^1] % 2 == 0) is { Name.Length: > 0 } whole:
                string other = NewName();
                Emit("Split", [whole.Name], [.. whole.Shape[..^1], whole.Shape[^1] / 2], ModelBuilder.Int("axis", -1));
                _model.Graph.Node[^1].Output.Add(other);
                _values.Add((other, _values[^1].Shape));
                break;
            case "MatMul" when Pick(shape => shape.Length > 1 && shape[^1] < 300) is { Name.Length: > 0 } rows:
                string weights = NewName();
                _model.Constant(weights, RandomTensors.Normal(_seed + _names, (int)rows.Shape[^1] * 6, 0.3), rows.Shape[^1], 6);
                Emit("MatMul", [rows.Name, weights], [.. rows.Shape[..^1], 6]);
                break;
            case "If" or "Deep" or "Loop":
                AddInner(operatorType);
                break;
        }
    }

    private void AddConv(string input, long[] shape)
    {
        string output = NewName();
        _model.Conv(input, output, (int)shape[1], 4, bias: Next(2) == 0);
        _read.Add(input);
        _values.Add((output, [1, 4, .. shape[2..]]));
    }

    private void Emit(string operatorType, string[] inputs, long[] shape, params AttributeProto[] attributes)
    {
        string output = NewName();
        _model.Node(operatorType, inputs, output, attributes);
        _read.UnionWith(inputs);
        _values.Add((output, shape));
    }

    private void AddInner(string kind)
    {
        (string captured, long[] shape) = Pick();
        _read.Add(captured);
        if (kind == "Loop")
        {
            (string start, _) = Pick(other => other.SequenceEqual(shape));
            string name = NewName(), sum = $"{name}-sum";
            ModelBuilder body = new ModelBuilder(17).Input($"{name}-i").Input($"{name}-go").Input($"{name}-s", shape)
                .Node("Identity", [$"{name}-go"], $"{name}-on").Node("Add", [$"{name}-s", captured], sum).Output($"{name}-on")
                .Output(sum, shape);
            (body.Graph.Input[0].Type.TensorType.ElemType, body.Graph.Input[1].Type.TensorType.ElemType, body.Graph.Output[
                0].Type.TensorType.ElemType) =
                ((int)TensorProto.Types.DataType.Int64, (int)TensorProto.Types.DataType.Bool, (int)TensorProto.Types.DataType.Bool);
            _names--;
            Emit("Loop", ["twice", "true", start], shape, Inner("body", body.Graph));
            return;
        }

        string output = NewName();
        GraphProto then = Branch("Relu", captured, $"{output}-t", shape), otherwise = Branch("Neg", captured, $"{output}-e", shape);
        if (kind == "Deep")
        {
            ModelBuilder around = new ModelBuilder(17)
                .Node("If", ["yes"], $"{output}-d", Inner("then_branch", then), Inner("else_branch", otherwise))
                .Output($"{output}-d", shape);
            (then, otherwise) = (around.Graph, Branch("Abs", captured, $"{output}-a", shape));
        }

        _names--;
        Emit("If", ["yes"], shape, Inner("then_branch", then), Inner("else_branch", otherwise));
    }

    private GraphProto Branch(string operatorType, string captured, string output, long[] shape)
    {
        ModelBuilder branch = new(17);
        if (Next(3) == 0)
        {
            branch.Node("Identity", [captured], $"{output}-i");
            captured = $"{output}-i";
        }

        return branch.Node(operatorType, [captured], output).Output(output, shape).Graph;
    }

    private static AttributeProto Inner(string name, GraphProto graph) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = graph };

    /// <summary>What nobody reads goes out, and now and then something that is read.</summary>
    private ModelBuilder Finish()
    {
        foreach ((string name, long[] shape) in _values.Skip(1).Where(value => !_read.Contains(value.Name) || Next(10) == 0))
        {
            _model.Output(name, shape);
        }

        return _model;
    }
}
