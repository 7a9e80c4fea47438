using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The model that lowerings write to, with what they share: names, constants, and the pairs of QuantizeLinear and DequantizeLinear that
/// stand at quantized values.
/// </summary>
internal sealed class QdqGraph
{
    private readonly ModelProto _model;
    private readonly GraphProto _graph;
    private readonly NameAllocator _names;
    private readonly InitializerPool _pool;
    private readonly IReadOnlyDictionary<string, TensorEncoding> _madeFromCodes;
    private readonly Dictionary<(string Value, TensorEncoding Encoding), string> _dequantized = [];
    private readonly Dictionary<string, (string Codes, TensorEncoding Encoding)> _codes = [];
    private readonly Dictionary<string, DynamicInput> _dynamic = [];
    private readonly Dictionary<string, string> _renamed = [];
    private readonly Dictionary<string, (string InputCodes, IEnumerable<NodeMove> Moves)> _moves = [];

    /// <param name="model">The model to write to; its graph has no nodes yet.</param>
    /// <param name="names">Hands out names that the float graph does not use.</param>
    /// <param name="madeFromCodes">The values whose pair follows the node that makes them, with its parameters.</param>
    public QdqGraph(ModelProto model, NameAllocator names, IReadOnlyDictionary<string, TensorEncoding> madeFromCodes)
        : this(model, model.Graph, names, madeFromCodes)
    {
    }

    private QdqGraph(ModelProto model, GraphProto graph, NameAllocator names, IReadOnlyDictionary<string, TensorEncoding> madeFromCodes)
    {
        _model = model;
        _graph = graph;
        _names = names;
        _pool = new InitializerPool(graph, names);
        _madeFromCodes = madeFromCodes;
    }

    /// <summary>Finds the values that need a barrier before their pair; see <see cref="FusionBarrier"/>.</summary>
    public required Predicate<string> NeedsBarrier { private get; init; }

    /// <summary>
    /// A graph inside of a node, to be written to. It gets constants of its own: ONNX Runtime refuses models whose bodies multiply by
    /// codes of the graph around them (seen with 1.31.1).
    /// </summary>
    /// <param name="body">The graph, which has no nodes yet.</param>
    public QdqGraph Inside(GraphProto body) =>
        new(_model, body, _names, new Dictionary<string, TensorEncoding>()) { NeedsBarrier = _ => false };

    /// <summary>A name that is not used yet.</summary>
    public string NewName() => _names.Next();

    /// <summary>
    /// Whether a value's pair follows the node that makes it, so that whoever reads the value reads what the codes stand for.
    /// </summary>
    public bool IsMadeFromCodes(string value) => _madeFromCodes.ContainsKey(value);

    /// <summary>The codes of a value that was dequantized, and what turns them into floats.</summary>
    public (string Codes, TensorEncoding Encoding) CodesOf(string dequantized) => _codes[dequantized];

    /// <summary>What nodes that follow are to read in the place of a value.</summary>
    public void Rename(string value, string name) => _renamed[value] = name;

    /// <summary>The name to read a value by.</summary>
    public string NameOf(string value) => _renamed.GetValueOrDefault(value, value);

    /// <summary>Lets operators move a result's codes before they are dequantized.</summary>
    /// <param name="result">The result.</param>
    /// <param name="inputCodes">The codes that the operator reads, whose shape decides the result's.</param>
    /// <param name="moves">The operators.</param>
    public void MoveCodes(string result, string inputCodes, IEnumerable<NodeMove> moves) => _moves[result] = (inputCodes, moves);

    /// <summary>Adds a node.</summary>
    public void Add(NodeProto node) => _graph.Node.Add(node);

    /// <summary>Adds a node of one result; its name.</summary>
    public string AddNode(string operatorType, params IEnumerable<string> inputs)
    {
        NodeProto node = NodeFactory.Make(operatorType, inputs, NewName());
        Add(node);
        return node.Output[0];
    }

    /// <summary>Imports the first version of a domain of operators, once.</summary>
    public void Import(string domain)
    {
        if (!_model.OpsetImport.Any(import => import.Domain == domain))
        {
            _model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
        }
    }

    /// <summary>Adds a Cast to floats; the name of its result.</summary>
    public string AddCast(string value)
    {
        NodeProto cast = NodeFactory.Make("Cast", [value], NewName());
        cast.Attribute.Add(NodeFactory.Int("to", (long)TensorProto.Types.DataType.Float));
        Add(cast);
        return cast.Output[0];
    }

    /// <summary>The codes that a value becomes at run time: one DynamicQuantizeLinear serves all readers.</summary>
    public DynamicInput QuantizeAtRunTime(string value)
    {
        if (!_dynamic.TryGetValue(value, out DynamicInput input))
        {
            _dynamic[value] = input = new DynamicInput(NewName(), NewName(), NewName());
            NodeProto node = NodeFactory.Make("DynamicQuantizeLinear", [value], input.Codes);
            node.Output.Add([input.Scale, input.ZeroPoint]);
            Add(node);
        }

        return input;
    }

    /// <summary>Adds a constant, once for equal ones; its name.</summary>
    public string AddConstant(TensorProto tensor) => _pool.Add(tensor);

    /// <summary>Adds a constant without comparing it to others, which would read all of it; its name.</summary>
    public string AddOwnConstant(TensorProto tensor)
    {
        TensorProto named = tensor.Clone();
        named.Name = NewName();
        _graph.Initializer.Add(named);
        return named.Name;
    }

    /// <summary>Adds a list of integers.</summary>
    public string AddIntegers(long[] values) => _pool.Add(TensorData.Make<long>(TensorProto.Types.DataType.Int64, values, values.Length));

    /// <summary>Adds scales: one for the tensor, or one for each index of an axis.</summary>
    public string AddScales(float[] scales, int? axis) =>
        _pool.Add(TensorData.Make<float>(TensorProto.Types.DataType.Float, scales, ShapeOf(scales, axis)));

    /// <summary>The shape of scales: none for the tensor, or their number.</summary>
    public static IEnumerable<long> ShapeOf(float[] scales, int? axis) => axis is null ? [] : [scales.Length];

    /// <summary>Adds the zero-points of weights, which are 0, as many as scales.</summary>
    public string AddZeroPoints(QuantizedWeight weight, int? axis) => _pool.Add(
        TensorData.Make<byte>(
            CodeTypes.ToOnnx(weight.Format.Type),
            new byte[weight.Format.GetByteCount(weight.Scales.Length)],
            ShapeOf(weight.Scales, axis)));

    /// <summary>
    /// Adds an activation's zero-point. It is always explicit, though the operators take an absent one for 0: ONNX Runtime's integer Gemm
    /// wants to see it.
    /// </summary>
    public string AddZeroPoint(TensorEncoding encoding) =>
        _pool.Add(TensorData.Make<byte>(CodeTypes.ToOnnx(encoding.Format.Type), [(byte)Parameters(encoding).ZeroPoint]));

    /// <summary>Adds a DequantizeLinear; the name of its result.</summary>
    public string AddDequantize(IEnumerable<string> inputs, int? axis)
    {
        NodeProto node = NodeFactory.Make("DequantizeLinear", inputs, NewName());
        if (axis is { } given and not 1)
        {
            node.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = given });
        }

        Add(node);
        return node.Output[0];
    }

    /// <summary>
    /// The name of the value behind its codes. A value made in float gets its pair before the first reader that wants codes; others go on
    /// reading the float. A value that is made from codes of other parameters gets a second pair.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <param name="encoding">How the reader wants it.</param>
    public string ReadFromCodes(string value, TensorEncoding encoding)
    {
        bool isMadeFromCodes = _madeFromCodes.TryGetValue(value, out TensorEncoding? made);
        if (isMadeFromCodes && (made!.Format, made.Range) == (encoding.Format, encoding.Range))
        {
            return value;
        }

        if (!_dequantized.TryGetValue((value, encoding), out string? dequantized))
        {
            _dequantized[(value, encoding)] = dequantized = NewName();
            AddPair(!isMadeFromCodes && NeedsBarrier(value) ? AddNode(FusionBarrier.OperatorType, value) : value, dequantized, encoding);
        }

        return dequantized;
    }

    /// <summary>Adds the pair of a result. It takes over the value's name, so the float result has no other reader: it can fuse.</summary>
    /// <param name="from">The float result.</param>
    /// <param name="value">The value's name.</param>
    public void AddResultPair(string from, string value) => AddPair(from, value, _madeFromCodes[value]);

    /// <summary>
    /// Adds a value whose channels are taken from another one, between pairs of the same parameters, so that runtimes move bytes; its name.
    /// </summary>
    /// <param name="dequantized">The other value, as it was dequantized.</param>
    /// <param name="channels">The channel of the other value that each channel is.</param>
    public string AddChannels(string dequantized, long[] channels)
    {
        NodeProto gather = NodeFactory.Make("Gather", [dequantized, AddIntegers(channels)], NewName());
        gather.Attribute.Add(NodeFactory.Int("axis", 1));
        Add(gather);
        string moved = NewName();
        AddPair(gather.Output[0], moved, CodesOf(dequantized).Encoding);
        return moved;
    }

    private void AddPair(string from, string to, TensorEncoding encoding)
    {
        string codes = NewName();
        string scale = _pool.Add(TensorData.Make<float>(TensorProto.Types.DataType.Float, [Parameters(encoding).Scale]));
        string zeroPoint = AddZeroPoint(encoding);
        Add(NodeFactory.Make("QuantizeLinear", [from, scale, zeroPoint], codes));
        if (_moves.TryGetValue(to, out (string InputCodes, IEnumerable<NodeMove> Moves) moving))
        {
            codes = moving.Moves.Aggregate(codes, (moved, move) => AddMove(moved, move, moving.InputCodes, encoding));
        }

        Add(NodeFactory.Make("DequantizeLinear", [codes, scale, zeroPoint], to));
        _codes[to] = (codes, encoding);
    }

    private static FixedParameters Parameters(TensorEncoding encoding) => (FixedParameters)encoding.Range;

    private string AddMove(string codes, NodeMove move, string inputCodes, TensorEncoding encoding)
    {
        IEnumerable<string> constants = move.Growth is { } growth
            ? [AddShape(inputCodes, move.Constants[0], growth)]
            : move.Constants.Select(AddIntegers);
        NodeProto mover = NodeFactory.Make(move.OperatorType, [codes, .. constants], NewName());
        if (move.Permutation is not null)
        {
            mover.Attribute.Add(NodeFactory.Ints("perm", move.Permutation));
        }

        Add(mover);
        if (move.Growth is not null)
        {
            AddRank(mover.Output[0], move.Constants[0].Length, encoding);
        }

        return mover.Output[0];
    }

    /// <summary>A shape for Reshape with one length that depends on the operator's input.</summary>
    private string AddShape(string inputCodes, long[] shape, (int Axis, int InputAxis, long Times) growth)
    {
        long[] axes = new long[shape.Length], times = new long[shape.Length];
        Array.Fill(axes, growth.InputAxis);
        times[growth.Axis] = growth.Times;
        string lengths = AddNode("Gather", AddNode("Shape", inputCodes), AddIntegers(axes));
        return AddNode("Add", AddNode("Mul", lengths, AddIntegers(times)), AddIntegers(shape));
    }

    /// <summary>
    /// ONNX Runtime does not infer the rank from a shape that is computed, and without it would not join what it transposes around a Conv
    /// with the transpositions beside.
    /// </summary>
    private void AddRank(string codes, int rank, TensorEncoding encoding)
    {
        TensorShapeProto shape = new();
        shape.Dim.Add(Enumerable.Range(0, rank).Select(_ => new TensorShapeProto.Types.Dimension()));
        _graph.ValueInfo.Add(new ValueInfoProto { Name = codes, Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor { ElemType = (int)CodeTypes.ToOnnx(encoding.Format.Type), Shape = shape }
        } });
    }
}
