using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Makes a quantized model float again. Codes of weights become the floats that they stand for, and activations are no longer rounded. It
/// goes through the nodes in their order, and knows of each value of codes which
/// float it was made from.
/// </summary>
internal sealed class Dequantization
{
    /// <summary>Operators that only move values, or choose among them by size: they do the same to floats as to codes.</summary>
    private static readonly FrozenSet<string> Movers = FrozenSet.Create(
        "Compress", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "MaxPool", "ReduceMax",
        "ReduceMin", "Reshape", "Resize", "ReverseSequence", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze");

    private readonly DequantizedGraph _graph;
    private readonly GraphProto _proto;
    private readonly IntegerProducts _products;
    private readonly QLinearForms _forms;
    private readonly Dictionary<string, string> _negated = [];

    private Dequantization(string modelPath, GraphProto graph)
    {
        _proto = graph;
        _graph = new DequantizedGraph(modelPath, graph);
        _products = new IntegerProducts(_graph);
        _forms = new QLinearForms(_graph);
    }

    /// <summary>Rewrites a model in place.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="model">The quantized model.</param>
    /// <returns>The graph, with counts of what was found in it.</returns>
    /// <exception cref="OnnxModelException">The model is not quantized, or in a form that is not known.</exception>
    public static DequantizedGraph Apply(string modelPath, ModelProto model)
    {
        if (model.AllNodes().Except(model.Graph.Node).FirstOrDefault(IsQuantized) is { } inner)
        {
            throw new OnnxModelException(modelPath, $"node {inner.Describe()} is quantized inside of a branch, a loop or a function, where "
                + "it cannot be turned back to floats; use the float model that was quantized.", inner.Name);
        }

        Dequantization pass = new(modelPath, model.Graph);
        foreach (NodeProto node in model.Graph.Node.ToArray())
        {
            pass.Add(node);
        }

        if (pass._graph is { Weights: 0, Activations: 0 })
        {
            throw new OnnxModelException(
                modelPath,
                "the model has no quantized operator and no weights as codes, so it is a float model already; give the quantized model.");
        }

        pass._graph.Finish();
        return pass._graph;
    }

    private static bool IsQuantized(NodeProto node) =>
        node.OpType is "QuantizeLinear" or "DequantizeLinear" or "DynamicQuantizeLinear" or "ConvInteger" or "MatMulInteger"
            or "MatMulIntegerToFloat" or "DynamicQuantizeMatMul" or "MatMulNBits" or "QGemm"
        || node.OpType.StartsWith("QLinear", StringComparison.Ordinal);

    private void Add(NodeProto source)
    {
        if (_products.TryAdd(source) || _forms.TryAdd(source) || BlockMatrix.TryAdd(source, _graph) || LookupForm.TryAdd(source, _graph))
        {
            return;
        }

        switch (source.OpType)
        {
            case "QuantizeLinear":
                Quantize(source);
                break;
            case "DynamicQuantizeLinear":
                _graph.Activations++;
                _graph.SetCoded(source.Output[0], new CodedValue(_graph.NameOf(source.Input[0]), source.Output[1], source.Output[2]));
                break;
            case "DequantizeLinear":
                Dequantize(source);
                break;
            case "Sum" when source.Input.Count == 1:
                _graph.Alias(source.Output[0], _graph.NameOf(source.Input[0])); // a barrier against ONNX Runtime's fusions
                break;
            default:
                AddFloat(source);
                break;
        }
    }

    private void Quantize(NodeProto node)
    {
        _graph.Activations++;
        string value = node.Input[0], zeroPoint = node.Input.ElementAtOrDefault(2) ?? "";
        string cut = _graph.CutAtZero(_graph.NameOf(value), _graph.Index.FindProducer(value), zeroPoint);
        _graph.SetCoded(node.Output[0], new CodedValue(cut, node.Input[1], zeroPoint));
        if (_graph.Index.IsVisibleOutside(node.Output[0]))
        {
            NodeProto kept = node.Clone(); // the model hands out codes
            kept.Input[0] = cut;
            _graph.Add(kept);
        }
    }

    private void Dequantize(NodeProto node)
    {
        string codes = node.Input[0], scale = node.Input[1], zeroPoint = node.Input.ElementAtOrDefault(2) ?? "", result = node.Output[0];
        int axis = (int)node.GetInt("axis", 1);
        if (_graph.FindCoded(codes) is { } coded)
        {
            if (_graph.AreEqual(coded, scale, zeroPoint))
            {
                _graph.Alias(result, coded.Float);
            }
            else if (_graph.FindFloat(coded.Scale) is { } made
                && _graph.FindFloat(scale) == -made
                && _graph.AreEqual(coded, coded.Scale, zeroPoint))
            {
                _negated[result] = coded.Float;
                _graph.Add("Neg", [coded.Float], result);
            }
            else
            {
                throw _graph.Unknown(node, $"it reads codes of '{codes}' by another scale or zero-point than they were made with");
            }
        }
        else if (_graph.FindConstant(codes) is { } tensor)
        {
            _graph.AddWeights(_graph.Dequantize(node, tensor, scale, zeroPoint, axis, node.GetInt("block_size", 0)), tensor.Dims, result);
        }
        else if (MovedConstant.Find(codes, _graph) is { } moved)
        {
            _graph.Alias(result, moved.Write(node, scale, zeroPoint, axis));
        }
        else if (_graph.Index.FindProducer(codes) is null)
        {
            _graph.Add(node.Clone()); // the model takes codes
        }
        else
        {
            throw _graph.Unknown(node, $"the floats that the codes '{codes}' were made from are unknown");
        }
    }

    /// <summary>Adds a node that computes with floats, or moves codes, or has nothing to do with either.</summary>
    private void AddFloat(NodeProto source)
    {
        NodeProto node = source.Clone();
        if (source.OpType == "Add" && Opset.IsOnnx(source.Domain) && source.Input.Count == 2
            && _negated.TryGetValue(source.Input[1], out string? subtrahend))
        {
            node.OpType = "Sub";
            node.Input[0] = _graph.NameOf(source.Input[0]);
            node.Input[1] = subtrahend;
            _graph.Add(node);
            return;
        }

        bool isMover = Opset.IsOnnx(source.Domain) && Movers.Contains(source.OpType);
        CodedValue? moved = isMover && source.Input.Count > 0 ? _graph.FindCoded(source.Input[0]) : null;
        for (int i = 0; i < node.Input.Count; i++)
        {
            bool isMeasured = source.OpType is "Shape" or "Size" && _graph.FindCoded(source.Input[i]) is not null;
            node.Input[i] = isMeasured || (moved is not null && i == 0)
                ? _graph.FindCoded(source.Input[i])!.Float
                : _graph.NameOf(source.Input[i]);
            if (!isMeasured && !(moved is not null && i == 0) && _graph.FindCoded(source.Input[i]) is not null
                && !_graph.Index.IsVisibleOutside(source.Input[i]) && !LeadsNowhere(source))
            {
                throw _graph.Unknown(source, $"it computes with the codes '{source.Input[i]}'");
            }
        }

        for (int i = 0; moved is not null && i < (source.OpType == "Split" ? node.Output.Count : 1); i++)
        {
            node.Output[i] = _graph.NewName();
            _graph.SetCoded(source.Output[i], moved with { Float = node.Output[i] });
        }

        _graph.Add(node);
    }

    /// <summary>Whether nobody reads what a node makes.</summary>
    private bool LeadsNowhere(NodeProto node) =>
        node.Output.All(output => _graph.Index.Consumers(output).Count == 0 && !_graph.Index.IsVisibleOutside(output));
}
