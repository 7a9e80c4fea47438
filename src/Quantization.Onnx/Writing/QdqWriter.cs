using System.Numerics.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Writes a planned model in the QDQ form: a QuantizeLinear–DequantizeLinear pair at each quantized value, a DequantizeLinear behind each quantized weight, the float operators
/// in between. A runtime that knows the form runs them on codes; any other still computes the same function.
/// </summary>
internal sealed class QdqWriter
{
    private readonly string _modelPath;
    private readonly GraphIndex _index;
    private readonly ModelProto _model;
    private readonly GraphProto _graph;
    private readonly NameAllocator _names;
    private readonly InitializerPool _pool;
    private readonly Dictionary<NodeProto, PlannedNode> _planned;
    private readonly HashSet<string> _madeFromCodes;
    private readonly HashSet<string> _guarded;
    private readonly Dictionary<string, string> _dequantized = [];
    private readonly Dictionary<string, (string Codes, QuantizationParameters Parameters)> _codes = [];
    private readonly Dictionary<string, IEnumerable<NodeMove>> _moves = [];
    private readonly Dictionary<string, string> _inputCodes = [];
    private readonly Dictionary<string, string> _renamed = [];
    private readonly HashSet<string> _negated = [];
    private readonly TableCodes _tables = new();
    private readonly IReadOnlyDictionary<string, QuantizationParameters> _activations;
    private readonly WeightRanges _weightRanges;
    private readonly PtqOptions _options;

    private QdqWriter(FloatModel model, GraphIndex graph, QuantizationPlan plan, IReadOnlyDictionary<string, QuantizationParameters> activations, WeightRanges weightRanges, PtqOptions options)
    {
        _modelPath = model.File.Path;
        _index = graph;
        _model = model.Model.Clone();
        _graph = _model.Graph;
        _graph.Node.Clear();
        _names = new NameAllocator(graph.Graph);
        _pool = new InitializerPool(_graph, _names);
        _planned = new Dictionary<NodeProto, PlannedNode>(plan.Nodes.Select(node => KeyValuePair.Create(node.Node, node)), ReferenceEqualityComparer.Instance);
        _madeFromCodes = [.. plan.Nodes.Where(node => node.Role != NodeRole.LookingUp).SelectMany(node => node.Outputs).Where(activations.ContainsKey)];
        _guarded = CaptureGuard.Find(graph, _madeFromCodes, _planned);
        _activations = activations;
        _weightRanges = weightRanges;
        _options = options;
    }

    private TensorProto.Types.DataType ActivationType => _options.ActivationFormat.Type == CodeType.UInt8 ? TensorProto.Types.DataType.Uint8 : TensorProto.Types.DataType.Int8;

    /// <summary>The quantized model; the float one is not changed.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="graph">Its graph.</param>
    /// <param name="plan">What to quantize in it.</param>
    /// <param name="activations">The parameters of each value in the plan.</param>
    /// <param name="options">Formats and granularity.</param>
    /// <param name="weightRanges">Finds the ranges of weights; null to find each anew.</param>
    public static ModelProto Write(
        FloatModel model, GraphIndex graph, QuantizationPlan plan, IReadOnlyDictionary<string, QuantizationParameters> activations, PtqOptions options, WeightRanges? weightRanges = null)
    {
        QdqWriter writer = new(model, graph, plan, activations, weightRanges ?? new WeightRanges(), options);
        foreach (NodeProto node in graph.Graph.Node)
        {
            writer.Add(node);
        }

        writer.RemoveUnreadNegated();
        UnusedConstants.Remove(writer._graph);
        return writer._model;
    }

    private void Add(NodeProto source)
    {
        NodeProto node = source.Clone();
        for (int i = 0; i < node.Input.Count; i++)
        {
            node.Input[i] = _renamed.GetValueOrDefault(node.Input[i], node.Input[i]);
        }

        SubpixelConvolution? subpixel = null;
        if (_planned.TryGetValue(source, out PlannedNode? planned))
        {
            if (planned is { Role: NodeRole.LookingUp, Weight: not null })
            {
                AddLookup(node, planned);
                return;
            }

            for (int i = 0; i < node.Input.Count; i++)
            {
                if (planned.Inputs.Contains(node.Input[i]))
                {
                    node.Input[i] = ReadFromCodes(node.Input[i]);
                }
            }

            if (planned.Weight is not null)
            {
                subpixel = planned.Weight.Subpixel;
                QuantizeWeights(node, planned);
                if (subpixel is not null)
                {
                    TurnIntoConv(node, planned, subpixel);
                }
            }
            else if (planned.Constant is { } constant)
            {
                node.OpType = constant.OperatorType;
                node.Input[constant.Input] = AddConstant(constant);
            }
            else if (node.OpType == "Sub" && _options.Runtime == TargetRuntime.OnnxRuntimeCpu)
            {
                TurnIntoAdd(node);
            }
            else if (node.OpType == "Flatten" && node.GetInt("axis", 1) == 1)
            {
                TurnIntoReshape(node);
            }
        }

        _graph.Node.Add(node);
        for (int i = 0; i < node.Output.Count; i++)
        {
            if (_madeFromCodes.Contains(node.Output[i]))
            {
                // The pair's result takes over the value's name, so whoever reads the value reads what the codes stand for, and the float result has no other reader: it can fuse.
                string result = node.Output[i];
                node.Output[i] = _names.Next();
                AddPair(node.Output[i], result, _activations[result], _moves.GetValueOrDefault(result, []));
            }
            else if (_guarded.Contains(node.Output[i]))
            {
                string result = node.Output[i];
                node.Output[i] = _names.Next();
                _graph.Node.Add(MakeNode(FloatGuard.OperatorType, [node.Output[i]], result));
            }
        }
    }

    /// <summary>The name of the value behind its codes. A value made in float gets its pair before the first reader that wants codes; others go on reading the float.</summary>
    private string ReadFromCodes(string value)
    {
        if (_madeFromCodes.Contains(value))
        {
            return value;
        }

        if (!_dequantized.TryGetValue(value, out string? dequantized))
        {
            _dequantized[value] = dequantized = _names.Next();
            AddPair(_options.Runtime == TargetRuntime.OnnxRuntimeCpu && FloatGuard.IsNeeded(value, _index, _madeFromCodes, _planned.ContainsKey) ? AddGuard(value) : value, dequantized, _activations[value]);
        }

        return dequantized;
    }

    private string AddGuard(string value)
    {
        NodeProto guard = MakeNode(FloatGuard.OperatorType, [value], _names.Next());
        _graph.Node.Add(guard);
        return guard.Output[0];
    }

    /// <summary>Adds a pair, and between its two operators those that move its codes.</summary>
    private void AddPair(string from, string to, QuantizationParameters parameters, params IEnumerable<NodeMove> moves)
    {
        string codes = _names.Next();
        string scale = _pool.Add(TensorData.Make(TensorProto.Types.DataType.Float, parameters.Scales));

        string zeroPoint = AddZeroPoint(parameters);
        _graph.Node.Add(MakeNode("QuantizeLinear", [from, scale, zeroPoint], codes));
        foreach (NodeMove move in moves)
        {
            NodeProto mover = MakeNode(move.OperatorType, [codes, .. move.Growth is { } growth ? [AddShape(_inputCodes[to], move.Constants[0], growth)] : move.Constants.Select(AddIntegers)], _names.Next());
            if (move.Permutation is not null)
            {
                mover.Attribute.Add(MakeInts("perm", move.Permutation));
            }

            _graph.Node.Add(mover);
            codes = mover.Output[0];
            if (move.Growth is not null)
            {
                AddRank(codes, move.Constants[0].Length);
            }
        }

        _graph.Node.Add(MakeNode("DequantizeLinear", [codes, scale, zeroPoint], to));
        _codes[to] = (codes, parameters);
    }

    /// <summary>The shape of a Reshape of which one length depends on the operator's input.</summary>
    private string AddShape(string inputCodes, long[] shape, (int Axis, int InputAxis, long Times) growth)
    {
        long[] axes = new long[shape.Length], times = new long[shape.Length];
        Array.Fill(axes, growth.InputAxis);
        times[growth.Axis] = growth.Times;
        string lengths = AddNode("Gather", AddNode("Shape", inputCodes), AddIntegers(axes));
        return AddNode("Add", AddNode("Mul", lengths, AddIntegers(times)), AddIntegers(shape));
    }

    /// <summary>ONNX Runtime does not infer the rank from a shape that is computed, and without it would not join what it transposes around a Conv with the transpositions beside.</summary>
    private void AddRank(string codes, int rank)
    {
        TensorShapeProto shape = new();
        shape.Dim.Add(Enumerable.Range(0, rank).Select(_ => new TensorShapeProto.Types.Dimension()));
        _graph.ValueInfo.Add(new ValueInfoProto { Name = codes, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)ActivationType, Shape = shape } } });
    }

    private string AddNode(string operatorType, params IEnumerable<string> inputs)
    {
        NodeProto node = MakeNode(operatorType, inputs, _names.Next());
        _graph.Node.Add(node);
        return node.Output[0];
    }

    private string AddIntegers(long[] values) => _pool.Add(TensorData.Make<long>(TensorProto.Types.DataType.Int64, values, values.Length));

    /// <summary>Always explicit, though the operators take an absent one for 0: ONNX Runtime's integer Gemm wants to see it.</summary>
    private string AddZeroPoint(QuantizationParameters parameters) => _pool.Add(TensorData.Make<byte>(ActivationType, [(byte)parameters.ZeroPoints[0]]));

    /// <summary>ONNX Runtime moves codes through Reshape, but not through Flatten.</summary>
    private void TurnIntoReshape(NodeProto flatten)
    {
        flatten.OpType = "Reshape";
        flatten.Attribute.Clear();
        flatten.Input.Add(AddIntegers([0, -1]));
    }

    /// <summary>Codes of the negative scale stand for the negative values, and ONNX Runtime adds such as fast as others; it has no integer form of Sub.</summary>
    private void TurnIntoAdd(NodeProto subtraction)
    {
        subtraction.OpType = "Add";
        _negated.Add(subtraction.Input[1]);
        (string codes, QuantizationParameters parameters) = _codes[subtraction.Input[1]];
        subtraction.Input[1] = AddDequantize([codes, AddScales([-parameters.Scales[0]], null), AddZeroPoint(parameters)], null);
    }

    /// <summary>Where only subtractions read a value, nobody reads its DequantizeLinear.</summary>
    private void RemoveUnreadNegated()
    {
        HashSet<string> read = [.. _graph.AllGraphs().SelectMany(each => each.Node.SelectMany(node => node.Input).Concat(each.Output.Select(output => output.Name)))];
        foreach (NodeProto node in _graph.Node.Where(node => node.Output.Any(_negated.Contains) && !node.Output.Any(read.Contains)).ToArray())
        {
            _graph.Node.Remove(node);
        }
    }

    /// <summary>Makes a ConvTranspose, whose weights are rearranged codes by now, the Conv that computes its phases; they are moved beside each other as codes.</summary>
    private void TurnIntoConv(NodeProto node, PlannedNode planned, SubpixelConvolution subpixel)
    {
        node.OpType = "Conv";
        node.Attribute.Clear();
        node.Attribute.Add(MakeInts("pads", subpixel.Pads));
        _inputCodes[planned.Output] = _codes[node.Input[0]].Codes;
        _moves[planned.Output] = subpixel.Moves(planned.Weight!.Channels);
        if (planned.Last != planned.Node)
        {
            // What goes from the Conv to its Relu has another shape than the model says of the value.
            node.Output[0] = _renamed[planned.Node.Output[0]] = _names.Next();
        }
    }

    private void QuantizeWeights(NodeProto node, PlannedNode planned)
    {
        WeightSlot slot = planned.Weight!;
        float inputScale = planned.InputScale(_activations);
        QuantizedWeight weight = QuantizedWeight.Make(_modelPath, planned, inputScale, _weightRanges, _options.ForWeightsOf(planned.Node.GetLabel()));
        if (slot.Subpixel is { } subpixel)
        {
            weight = new QuantizedWeight(subpixel.Rearrange(weight.Codes), weight.Axis is null ? weight.Scales : subpixel.Repeat(weight.Scales), weight.Axis is null ? null : 0);
        }

        string scales = AddScales(weight.Scales, weight.Axis);
        List<string> inputs = [AddWeightCodes(weight.Codes), scales];
        if (node.OpType == "Gemm")
        {
            // As for activations; Conv and MatMul do without.
            inputs.Add(_pool.Add(TensorData.Make<byte>(TensorProto.Types.DataType.Int8, new byte[weight.Scales.Length], ShapeOf(weight.Scales, weight.Axis))));
        }

        node.Input[WeightSlot.WeightInput] = AddDequantize(inputs, weight.Axis);
        if (slot.Bias is not null)
        {
            float[] bias = slot.Subpixel?.Repeat(slot.Bias.ReadFloats()) ?? slot.Bias.ReadFloats();
            node.Input[WeightSlot.BiasInput] = slot.BiasNeedsCodes && !_madeFromCodes.Contains(planned.Output)
                ? AddBiasCodes(bias, weight, inputScale)
                : _pool.Add(TensorData.Make<float>(TensorProto.Types.DataType.Float, bias, slot.Subpixel is null ? slot.Bias.Dims : [bias.Length]));
        }
    }

    /// <summary>Stores codes, but where they are a table's with rows and columns exchanged: ONNX Runtime exchanges these once, when it opens the model.</summary>
    private string AddWeightCodes(TensorProto codes)
    {
        if (_tables.FindTransposeOf(codes) is not { } table)
        {
            return _pool.Add(codes);
        }

        NodeProto transpose = MakeNode("Transpose", [table], _names.Next());
        transpose.Attribute.Add(MakeInts("perm", [1, 0]));
        _graph.Node.Add(transpose);
        return transpose.Output[0];
    }

    /// <summary>
    /// Looks codes up, and each row's scale beside them, and multiplies: what DequantizeLinear computes, of the rows that are wanted alone. Behind a DequantizeLinear of the table, ONNX Runtime would compute the whole of it at every
    /// run; behind a Gather, DequantizeLinear knows no scale a row.
    /// </summary>
    private void AddLookup(NodeProto lookup, PlannedNode planned)
    {
        QuantizedWeight table = QuantizedWeight.Make(_modelPath, planned, planned.InputScale(_activations), _weightRanges, _options.ForWeightsOf(planned.Node.GetLabel()));
        string result = lookup.Output[0];
        NodeProto ofScales = lookup.Clone();
        lookup.Input[planned.Weight!.Input] = _pool.Add(table.Codes);
        _tables.Add(table.Codes, lookup.Input[planned.Weight.Input]);
        lookup.Output[0] = _names.Next();
        _graph.Node.Add(lookup);

        string scale = _pool.Add(TensorData.Make<float>(TensorProto.Types.DataType.Float, table.Scales, table.Axis is null ? [] : [table.Scales.Length, 1]));
        if (table.Axis is not null)
        {
            ofScales.ClearName();
            ofScales.Input[planned.Weight.Input] = scale;
            ofScales.Output[0] = scale = _names.Next();
            _graph.Node.Add(ofScales);
        }

        NodeProto cast = MakeNode("Cast", [lookup.Output[0]], _names.Next());
        cast.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (long)TensorProto.Types.DataType.Float });
        _graph.Node.Add(cast);
        _graph.Node.Add(MakeNode("Mul", [cast.Output[0], scale], result));
    }

    /// <summary>A constant has a range of its own, like an activation.</summary>
    private string AddConstant(ConstantOperand constant)
    {
        QuantizationParameters parameters = ActivationRanges.FromRange(new ValueRange(constant.Values.Min(), constant.Values.Max()), _options);
        byte[] codes = new byte[constant.Values.Length];
        new AffineQuantizer(_options.ActivationFormat, parameters, Granularity.PerTensor).Quantize(new ReadOnlyTensorSpan<float>(constant.Values), new TensorSpan<byte>(codes));
        return AddDequantize([_pool.Add(TensorData.Make<byte>(ActivationType, codes, constant.Shape)), AddScales(parameters.Scales.ToArray(), null), AddZeroPoint(parameters)], null);
    }

    private string AddBiasCodes(float[] bias, QuantizedWeight weight, float inputScale)
    {
        float[] scales = [.. weight.Scales.Select(scale => scale * inputScale)];
        int[] codes = new int[bias.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (int)Math.Round(bias[i] / (double)scales[scales.Length == 1 ? 0 : i], MidpointRounding.ToEven);
        }

        int? axis = weight.Axis is null ? null : 0;
        return AddDequantize([_pool.Add(TensorData.Make<int>(TensorProto.Types.DataType.Int32, codes, bias.Length)), AddScales(scales, axis)], axis);
    }

    private string AddScales(float[] scales, int? axis) => _pool.Add(TensorData.Make<float>(TensorProto.Types.DataType.Float, scales, ShapeOf(scales, axis)));

    private static IEnumerable<long> ShapeOf(float[] scales, int? axis) => axis is null ? [] : [scales.Length];

    private string AddDequantize(IEnumerable<string> inputs, int? axis)
    {
        NodeProto node = MakeNode("DequantizeLinear", inputs, _names.Next());
        if (axis is { } given and not 1)
        {
            node.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = given });
        }

        _graph.Node.Add(node);
        return node.Output[0];
    }

    private static AttributeProto MakeInts(string name, IEnumerable<long> values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.Add(values);
        return attribute;
    }

    private static NodeProto MakeNode(string operatorType, IEnumerable<string> inputs, string output)
    {
        NodeProto node = new() { OpType = operatorType };
        node.Input.Add(inputs);
        node.Output.Add(output);
        return node;
    }
}
