using System.Globalization;
using Quantization.Onnx;
using Quantization.Onnx.Protos;
using TorchSharp;
using static Quantization.Onnx.Protos.AttributeProto.Types;
using static Quantization.Onnx.Protos.TensorProto.Types;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>An ONNX graph that is being built, call by call in the order of a forward method. See <see cref="IOnnxExportable"/>.</summary>
public sealed class OnnxGraph
{
    private readonly Lazy<ModuleTrace> _trace;
    private readonly InitializerPool _pool;
    private readonly NameAllocator _names;
    private readonly Stack<string> _path = [];
    private readonly Dictionary<string, int> _nodeNames = [];

    /// <param name="options">How the module is written.</param>
    /// <param name="sampleShape">The shape of one sample.</param>
    /// <param name="trace">Runs the model, to see what modules do whose forward method nothing describes.</param>
    internal OnnxGraph(OnnxExportOptions options, long[] sampleShape, Lazy<ModuleTrace> trace)
    {
        SampleShape = sampleShape;
        _trace = trace;
        Options = options;
        Proto = new GraphProto { Name = "model" };
        Proto.Node.Add(new NodeProto { Output = { options.InputName, options.OutputName } });
        _names = new NameAllocator(Proto);
        Proto.Node.Clear();
        _pool = new InitializerPool(Proto, _names);
    }

    /// <summary>How the module is written.</summary>
    public OnnxExportOptions Options { get; }

    internal GraphProto Proto { get; }

    /// <summary>The shape of one sample of the model, without the batch axis.</summary>
    internal long[] SampleShape { get; }

    /// <summary>What is planned for the nodes of quantized layers.</summary>
    internal List<NodePlan> Plans { get; } = [];

    /// <summary>
    /// What <paramref name="module"/> gives for <paramref name="input"/>: a usual layer, a Sequential, a quantized layer or one that
    /// implements <see cref="IOnnxExportable"/>.
    /// </summary>
    /// <exception cref="NotSupportedException">The module has no ONNX form that is known here.</exception>
    public OnnxValue Call(torch.nn.Module<Tensor, Tensor> module, OnnxValue input)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(input);
        return Call(module, input, "");
    }

    /// <summary><c>a + b</c>, broadcast as in ONNX.</summary>
    public OnnxValue Add(OnnxValue a, OnnxValue b) => Operator("Add", [a, b]);

    /// <summary><c>a · b</c> element by element, broadcast as in ONNX.</summary>
    public OnnxValue Multiply(OnnxValue a, OnnxValue b) => Operator("Mul", [a, b]);

    /// <summary><c>max(x, 0)</c>.</summary>
    public OnnxValue Relu(OnnxValue x) => Operator("Relu", [x]);

    /// <summary>The values one after the other along an axis.</summary>
    public OnnxValue Concat(int axis, params ReadOnlySpan<OnnxValue> values) => Operator("Concat", values, ("axis", (long)axis));

    /// <summary>All axes but the batch's as one.</summary>
    public OnnxValue Flatten(OnnxValue x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Operator("Flatten", [x], ("axis", 1L)) with { Rank = 2 };
    }

    /// <summary>A constant of 32-bit floats.</summary>
    /// <exception cref="ArgumentException">The shape does not hold as many values.</exception>
    public OnnxValue Constant(ReadOnlySpan<float> values, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        long count = shape.Aggregate(1L, (product, length) => product * length);
        return count == values.Length
            ? new OnnxValue(Float(values, shape), shape.Length)
            : throw new ArgumentException(
                $"A shape of [{string.Join(", ", shape)}] holds {count} values, not {values.Length}.", nameof(shape));
    }

    /// <summary>
    /// Any operator of ONNX with one result, of the rank of its first input; use <c>with { Rank = … }</c> where it differs.
    /// </summary>
    /// <param name="type">Its name, for example <c>HardSwish</c>.</param>
    /// <param name="inputs">Its inputs; a null one is left out.</param>
    /// <param name="attributes">Its attributes: long, double, string or long[].</param>
    /// <exception cref="ArgumentException">An attribute has another type.</exception>
    public OnnxValue Operator(string type, ReadOnlySpan<OnnxValue?> inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        NodeProto node = new() { OpType = type, Name = NextNodeName(type) };
        int rank = 0;
        foreach (OnnxValue? input in inputs)
        {
            node.Input.Add(input?.Name ?? "");
            rank = rank == 0 ? input?.Rank ?? 0 : rank;
        }

        foreach ((string name, object value) in attributes)
        {
            node.Attribute.Add(Attribute(name, value));
        }

        node.Output.Add(_names.Next());
        Proto.Node.Add(node);
        return new OnnxValue(node.Output[0], rank);
    }

    /// <summary>Turns the axes of means, an attribute, into an input, as newer operator sets want it.</summary>
    internal void GiveAxesAsInputs()
    {
        foreach (NodeProto node in Proto.Node.Where(node => node.OpType == "ReduceMean"))
        {
            AttributeProto axes = node.Attribute.Single(attribute => attribute.Name == "axes");
            node.Attribute.Remove(axes);
            node.Input.Add(Integers([.. axes.Ints]).Name);
        }
    }

    /// <summary>A module under the name that its parent gives it.</summary>
    internal OnnxValue Call(torch.nn.Module<Tensor, Tensor> module, OnnxValue input, string name)
    {
        _path.Push(name);
        OnnxValue result = module switch
        {
            IOnnxExportable exportable => exportable.ExportOnnx(this, input),
            QuantizedLayer layer => QuantizedLayerExport.Write(this, layer, input),
            QuantizedEmbedding layer => QuantizedLayerExport.Write(this, layer, input),
            XnorLayer layer => XnorLayerExport.Write(this, layer, input),
            FakeQuantize quantizer => QuantizedLayerExport.WriteActivation(this, quantizer, input),
            _ => FloatLayerExport.Write(this, module, input) ?? new TracedModuleExport(this, _trace.Value).Write(module, input, Path()),
        };
        _path.Pop();
        return result;
    }

    /// <summary>Whether there are operators of ONNX Runtime's own.</summary>
    internal bool UsesRuntimeOperators { get; private set; }

    /// <summary>A constant of bytes.</summary>
    internal OnnxValue Bytes(ReadOnlySpan<byte> values, long[] shape) =>
        new(_pool.Add(TensorData.Make(DataType.Uint8, values, shape)), shape.Length);

    /// <summary>An operator of ONNX Runtime's own; see <see cref="Operator"/>.</summary>
    internal OnnxValue RuntimeOperator(
        string type, ReadOnlySpan<OnnxValue?> inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        OnnxValue result = Operator(type, inputs, attributes);
        Proto.Node[^1].Domain = BlockProductLowering.Domain;
        UsesRuntimeOperators = true;
        return result;
    }

    /// <summary>An initializer of 32-bit floats.</summary>
    internal string Float(ReadOnlySpan<float> values, IEnumerable<long> shape) => _pool.Add(TensorData.Make(DataType.Float, values, shape));

    /// <summary>A constant of 64-bit integers, as shapes and axes are given.</summary>
    internal OnnxValue Integers(ReadOnlySpan<long> values) => new(_pool.Add(TensorData.Make(DataType.Int64, values, [values.Length])), 1);

    /// <summary>An initializer of a tensor's values.</summary>
    internal OnnxValue Float(Tensor tensor)
    {
        using Tensor detached = tensor.detach();
        using DisposableTensor dense = DisposableTensor.DenseOf(detached);
        return new OnnxValue(Float(TensorMemory.Span<float>(dense.Tensor), tensor.shape), (int)tensor.dim());
    }

    /// <summary>Plans the node that made a value.</summary>
    /// <param name="result">The node's result.</param>
    /// <param name="input">The encoding of its first input; null where it reads floats.</param>
    /// <param name="weights">The encoding of its weights; null where they stay float.</param>
    /// <returns>The result.</returns>
    internal OnnxValue Plan(OnnxValue result, TensorEncoding? input, TensorEncoding? weights)
    {
        if (input is not null || weights is not null)
        {
            NodeProto node = Proto.Node[^1];
            Plans.Add(new NodePlan(node.GetLabel(), result.Name)
            {
                Weights = weights,
                Inputs = input is null ? [] : [new ValueEncoding(0, node.Input[0], input)]
            });
        }

        return result;
    }

    /// <summary>
    /// Gives the last value the model's output name, by a node of its own, so that plans still find the node that made it.
    /// </summary>
    internal void Finish(OnnxValue result)
    {
        Proto.Node.Add(new NodeProto { OpType = "Identity", Input = { result.Name }, Output = { Options.OutputName } });
    }

    /// <summary>Takes the node of <see cref="Finish"/> out again where the value before it has no other reader.</summary>
    internal static void RemoveLastIdentity(GraphProto graph)
    {
        NodeProto last = graph.Node[^1];
        NodeProto? maker = graph.Node.FirstOrDefault(node => node.Output.Contains(last.Input[0]));
        bool isReadElsewhere = graph.Node.Any(node => node != last && node.Input.Contains(last.Input[0]));
        if (maker is not null && !isReadElsewhere)
        {
            maker.Output[maker.Output.IndexOf(last.Input[0])] = last.Output[0];
            graph.Node.RemoveAt(graph.Node.Count - 1);
        }
    }

    /// <summary>The module's path and the operator, and a number where that was there before: runtimes want names to differ.</summary>
    private string NextNodeName(string type)
    {
        string name = Path() is { Length: > 0 } path ? $"{path}/{type}" : type;
        int count = _nodeNames[name] = _nodeNames.GetValueOrDefault(name) + 1;
        return count == 1 ? name : $"{name}{count}";
    }

    private string Path() => string.Join('.', _path.Reverse().Where(name => name.Length > 0));

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        long integer => new AttributeProto { Name = name, Type = AttributeType.Int, I = integer },
        double real => new AttributeProto { Name = name, Type = AttributeType.Float, F = (float)real },
        string text => new AttributeProto { Name = name, Type = AttributeType.String, S = Google.Protobuf.ByteString.CopyFromUtf8(text) },
        long[] integers => new AttributeProto { Name = name, Type = AttributeType.Ints, Ints = { integers } },
        _ => throw new ArgumentException(string.Create(
            CultureInfo.InvariantCulture,
            $"Attribute {name} is a {value?.GetType().Name ?? "null"}; give a long, double, string or long[].")),
    };
}
