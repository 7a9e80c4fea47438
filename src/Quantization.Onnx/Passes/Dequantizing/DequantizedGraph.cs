using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A graph on its way from codes back to floats: what was written, and the float value behind each value of codes.</summary>
/// <param name="modelPath">What messages call the model.</param>
/// <param name="graph">The quantized graph. Its nodes are replaced by <see cref="Finish"/>.</param>
internal sealed class DequantizedGraph(string modelPath, GraphProto graph)
{
    private readonly NameAllocator _names = new(graph);
    private readonly List<NodeProto> _written = [];
    private readonly Dictionary<string, string> _aliases = [];
    private readonly Dictionary<string, CodedValue> _coded = [];
    private readonly Dictionary<(string Codes, string Scales), string> _tables = [];
    private readonly List<TensorProto> _constants = [];

    /// <summary>The quantized graph.</summary>
    public GraphIndex Index { get; } = new(graph);

    /// <summary>The constants that became floats.</summary>
    public int Weights { get; private set; }

    /// <summary>The places where activations became codes.</summary>
    public int Activations { get; set; }

    /// <summary>The Relu nodes that were put back.</summary>
    public int Relus { get; private set; }

    /// <summary>A name that is not used yet.</summary>
    public string NewName() => _names.Next();

    /// <summary>The name by which a value is read now.</summary>
    public string NameOf(string value) => _aliases.GetValueOrDefault(value, value);

    /// <summary>The float value behind a value of codes; null where there is none.</summary>
    public CodedValue? FindCoded(string value) => _coded.GetValueOrDefault(value);

    /// <summary>Remembers the float value behind a value of codes.</summary>
    public void SetCoded(string value, CodedValue coded) => _coded[value] = coded;

    /// <summary>The constant behind a name; null where it is computed.</summary>
    public TensorProto? FindConstant(string value) => Index.FindConstant(value);

    /// <summary>Adds a node.</summary>
    public void Add(NodeProto node) => _written.Add(node);

    /// <summary>Adds a float node of one result.</summary>
    public void Add(string operatorType, IEnumerable<string> inputs, string output, params IEnumerable<AttributeProto> attributes)
    {
        NodeProto node = NodeFactory.Make(operatorType, inputs, output);
        node.Attribute.Add(attributes.Select(attribute => attribute.Clone()));
        Add(node);
    }

    /// <summary>Lets readers of a value read another one, under its own name where somebody outside sees it.</summary>
    public void Alias(string value, string other)
    {
        if (Index.IsVisibleOutside(value))
        {
            Add("Identity", [other], value);
        }
        else
        {
            _aliases[value] = other;
        }
    }

    /// <summary>Adds a constant of floats that stand for codes.</summary>
    public string AddWeights(float[] values, IEnumerable<long> shape, string? name = null)
    {
        Weights++;
        return AddConstant(TensorData.Make<float>(TensorProto.Types.DataType.Float, values, shape), name);
    }

    /// <summary>Adds a table of floats, once for the same codes and scales.</summary>
    public string AddTable(string codes, string scales, Func<float[]> dequantize, IEnumerable<long> shape)
    {
        if (!_tables.TryGetValue((codes, scales), out string? name))
        {
            _tables[(codes, scales)] = name = AddWeights(dequantize(), shape);
        }

        return name;
    }

    /// <summary>
    /// The float value that a quantizer reads. Quantizers often stand in the place of a Relu, since codes that begin at 0 cut off what is
    /// negative: then the Relu is put back.
    /// </summary>
    /// <param name="value">The value before it is rounded.</param>
    /// <param name="producer">The node that makes it; null for an input.</param>
    /// <param name="zeroPoint">The name of the zero-point; empty for 0 of unsigned bytes.</param>
    public string CutAtZero(string value, NodeProto? producer, string zeroPoint)
    {
        bool isLeast = zeroPoint.Length == 0 || (FindConstant(zeroPoint) is { } tensor && CodeTensor.IsOne(tensor)
            && CodeTensor.Read(tensor) is [int code] && code == CodeTensor.LeastOf(tensor.DataType));
        if (!isLeast || producer is not { OpType: "Conv" or "ConvTranspose" or "Gemm" or "MatMul" or "Add" or "Sub" or "Mul"
            or "BatchNormalization" or "QLinearConv" or "QLinearMatMul" or "QLinearAdd" or "QLinearMul" or "QGemm" })
        {
            return value;
        }

        Relus++;
        string cut = NewName();
        Add("Relu", [value], cut);
        return cut;
    }

    /// <summary>The value of a constant of one float.</summary>
    public float? FindFloat(string name) =>
        FindConstant(name) is { } tensor && tensor.IsFloat() && tensor.ReadFloats() is [float value] ? value : null;

    /// <summary>Whether codes are read by the parameters that they were made with, which may be stored twice.</summary>
    public bool AreEqual(CodedValue coded, string scale, string zeroPoint)
    {
        return AreSame(coded.Scale, scale) && AreSame(coded.ZeroPoint, zeroPoint);

        bool AreSame(string left, string right) => left == right || (IsZero(left) && IsZero(right))
            || (FindConstant(left) is { } one && FindConstant(right) is { } other && one.DataType == other.DataType
                && (one.IsFloat()
                    ? one.ReadFloats().AsSpan().SequenceEqual(other.ReadFloats())
                    : CodeTensor.IsOne(one) && CodeTensor.Read(one).AsSpan().SequenceEqual(CodeTensor.Read(other))));

        bool IsZero(string name) => name.Length == 0 || (FindConstant(name) is { } tensor
            && CodeTensor.IsOne(tensor)
            && Array.TrueForAll(CodeTensor.Read(tensor), code => code == 0));
    }

    /// <summary>The floats of stored codes.</summary>
    /// <param name="node">The node that reads them, for messages.</param>
    /// <param name="codes">The codes.</param>
    /// <param name="scale">The name of their scales; empty for 1.</param>
    /// <param name="zeroPoint">The name of their zero-points; empty for 0.</param>
    /// <param name="axis">The axis of the scales.</param>
    /// <param name="blockSize">The values of a block; 0 for none.</param>
    public float[] Dequantize(NodeProto node, TensorProto codes, string scale, string zeroPoint, int axis, long blockSize = 0)
    {
        TensorProto? scales = scale.Length == 0 ? TensorData.Make<float>(TensorProto.Types.DataType.Float, [1f]) : FindConstant(scale),
            zeroPoints = zeroPoint.Length == 0 ? null : FindConstant(zeroPoint);
        if (!CodeTensor.IsOne(codes) || scales is null || !scales.IsFloat() || (zeroPoint.Length > 0
            && (zeroPoints is null || !CodeTensor.IsOne(zeroPoints))))
        {
            throw Unknown(node, $"its codes '{codes.Name}' are not integers with constant float scales and integer zero-points");
        }

        ThrowUnlessFits(node, codes.CountElements() ?? long.MaxValue);
        float[] factors = scales.ReadFloats();
        int rank = codes.Dims.Count, along = axis < 0 ? axis + rank : axis;
        long length = along >= 0 && along < rank ? codes.Dims[along] : 1;
        long wanted = factors.Length == 1 ? 1
            : blockSize > 0 ? codes.CountElements()!.Value / Math.Max(length, 1) * ((length + blockSize - 1) / blockSize)
            : length;
        int[]? zeros = zeroPoints is null ? null : CodeTensor.Read(zeroPoints);
        return factors.Length == wanted && (zeros is null || zeros.Length == 1 || zeros.Length == factors.Length)
            ? CodeTensor.Dequantize(
                CodeTensor.Read(codes), codes.Dims, factors, zeros, Math.Max(along, 0), factors.Length == 1 ? 0 : blockSize)
            : throw Unknown(node, $"the number of its scales or zero-points does not fit the shape of its codes '{codes.Name}'");
    }

    /// <summary>Checks that so many floats fit into one tensor.</summary>
    public void ThrowUnlessFits(NodeProto node, long count)
    {
        if (count > int.MaxValue / sizeof(float))
        {
            throw Unknown(node, "its weights would take more than 2 GB as floats");
        }
    }

    /// <summary>What to throw where codes cannot be followed back to floats.</summary>
    public OnnxModelException Unknown(NodeProto node, string why) =>
        new(modelPath, $"node {node.Describe()} cannot be turned back to floats: {why}; use the float model that was quantized, or "
            + "quantize in the QDQ form.", node.Name);

    /// <summary>Puts what was written in the place of the quantized nodes.</summary>
    public void Finish()
    {
        graph.Node.Clear();
        graph.Node.Add(_written);
        HashSet<string> replaced = [.. _constants.Select(tensor => tensor.Name)];
        foreach (TensorProto old in graph.Initializer.Where(tensor => replaced.Contains(tensor.Name)).ToArray())
        {
            graph.Initializer.Remove(old);
        }

        graph.Initializer.Add(_constants);
        DeadNodes.Remove(graph);
        HashSet<string> made = [.. graph.Node.SelectMany(node => node.Output)];
        foreach (ValueInfoProto value in graph.ValueInfo.Where(value => !made.Contains(value.Name)).ToArray())
        {
            graph.ValueInfo.Remove(value);
        }
    }

    private string AddConstant(TensorProto tensor, string? name)
    {
        tensor.Name = name ?? NewName();
        _constants.Add(tensor);
        return tensor.Name;
    }
}
