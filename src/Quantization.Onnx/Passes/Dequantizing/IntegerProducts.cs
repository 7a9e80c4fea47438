using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Products of codes whose scales are multiplied to the result: MatMulInteger and ConvInteger with the Cast and the Mul behind them, and
/// the operators of ONNX Runtime that join these. They become MatMul and Conv by
/// weights in float.
/// </summary>
/// <param name="graph">The graph to write to.</param>
internal sealed class IntegerProducts(DequantizedGraph graph)
{
    private const int WeightInput = 1, WeightZeroPoint = 3;

    private readonly Dictionary<string, (NodeProto Node, CodedValue Input)> _products = [];

    /// <summary>Takes a node where it is part of such a product.</summary>
    public bool TryAdd(NodeProto node)
    {
        switch (node.OpType)
        {
            case "MatMulInteger" or "ConvInteger":
                CodedValue input = graph.FindCoded(node.Input[0])
                    ?? throw graph.Unknown(node, $"the floats that the codes '{node.Input[0]}' were made from are unknown");
                _products[node.Output[0]] = (node, input);
                return true;
            case "Cast" when _products.TryGetValue(node.Input[0], out (NodeProto Node, CodedValue Input) product):
                _products[node.Output[0]] = product;
                return true;
            case "Mul" when node.Input.FirstOrDefault(_products.ContainsKey) is { } factor:
                AddProduct(node, _products[factor], node.Input[node.Input[0] == factor ? 1 : 0]);
                return true;
            case "DynamicQuantizeMatMul":
                AddJoined(node, graph.NameOf(node.Input[0]), 2, 3, 4);
                return true;
            case "MatMulIntegerToFloat" when graph.FindCoded(node.Input[0]) is { } coded:
                AddJoined(node, coded.Float, 3, 5, 6);
                return true;
            default:
                return node.Input.FirstOrDefault(_products.ContainsKey) is { } integer
                    ? throw graph.Unknown(
                        node,
                        $"it reads the integer product '{integer}', which no Mul by the scales of both operands turns into floats first")
                    : false;
        }
    }

    /// <summary>Adds the float form of a product at the Mul that brings its scales in.</summary>
    private void AddProduct(NodeProto mul, (NodeProto Node, CodedValue Input) product, string scales)
    {
        NodeProto node = product.Node;
        string? weightScale = scales == product.Input.Scale ? ""
            : graph.Index.FindProducer(scales) is { OpType: "Mul" } both && both.Input.Contains(product.Input.Scale)
                ? both.Input[both.Input[0] == product.Input.Scale ? 1 : 0]
                : null;
        if (weightScale is null || graph.FindConstant(node.Input[WeightInput]) is not { } codes)
        {
            throw graph.Unknown(node, "its weights or their scales are not constant");
        }

        bool isConv = node.OpType == "ConvInteger";
        float[] values = graph.Dequantize(
            node, codes, weightScale, node.Input.ElementAtOrDefault(WeightZeroPoint) ?? "", isConv ? 0 : codes.Dims.Count - 1);
        string weights = graph.AddWeights(values, codes.Dims);
        NodeProto made = NodeFactory.Make(isConv ? "Conv" : "MatMul", [product.Input.Float, weights], mul.Output[0]);
        made.Name = node.Name;
        made.Attribute.Add(node.Attribute.Select(attribute => attribute.Clone()));
        graph.Add(made);
    }

    /// <summary>Adds the float form of an operator that brings in the scales itself.</summary>
    private void AddJoined(NodeProto node, string input, int scale, int zeroPoint, int bias)
    {
        TensorProto codes = graph.FindConstant(node.Input[WeightInput]) ?? throw graph.Unknown(node, "its weights are not constant");
        float[] values = graph.Dequantize(
            node, codes, node.Input[scale], node.Input.ElementAtOrDefault(zeroPoint) ?? "", codes.Dims.Count - 1);
        string weights = graph.AddWeights(values, codes.Dims);
        string? added = node.Input.ElementAtOrDefault(bias) is { Length: > 0 } name ? graph.NameOf(name) : null;
        NodeProto made = NodeFactory.Make("MatMul", [input, weights], added is null ? node.Output[0] : graph.NewName());
        made.Name = node.Name;
        graph.Add(made);
        if (added is not null)
        {
            graph.Add("Add", [made.Output[0], added], node.Output[0]);
        }
    }
}
