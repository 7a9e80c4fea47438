using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Operators that read and make codes, with all scales and zero-points as inputs: QLinearConv, QLinearMatMul and ONNX Runtime's own. Each
/// becomes the float operator of its name.
/// </summary>
/// <param name="graph">The graph to write to.</param>
internal sealed class QLinearForms(DequantizedGraph graph)
{
    private const string Prefix = "QLinear";

    /// <summary>Other operators of ONNX Runtime that read codes.</summary>
    private static readonly FrozenSet<string> Others =
        FrozenSet.Create(
            "DynamicQuantizeLSTM", "GatherBlockQuantized", "MatMulBnb4", "MatMulFpQ4", "QAttention", "QEmbedLayerNormalization", "QMoE",
            "QOrderedMatMul");

    /// <summary>Takes a node where it is such an operator.</summary>
    /// <exception cref="OnnxModelException">It is one that is not known here.</exception>
    public bool TryAdd(NodeProto node)
    {
        switch (node.OpType)
        {
            case "QLinearConv":
                AddWeighted(node, "Conv", bias: 8, weightAxis: 0, result: 6);
                return true;
            case "QLinearMatMul":
                AddWeighted(node, "MatMul", bias: null, weightAxis: -1, result: 6);
                return true;
            case "QGemm":
                AddWeighted(node, "Gemm", bias: 6, weightAxis: node.GetInt("transB", 0) != 0 ? 0 : 1, result: 7);
                return true;
            case "QLinearAdd" or "QLinearMul":
                AddResult(node, node.OpType[Prefix.Length..], [FloatOf(node, 0), FloatOf(node, 3)], 6);
                return true;
            case "QLinearSigmoid" or "QLinearLeakyRelu" or "QLinearGlobalAveragePool" or "QLinearAveragePool"
                when node.GetInt("channels_last", 0) == 0:
                AddResult(node, node.OpType[Prefix.Length..], [FloatOf(node, 0)], 3);
                return true;
            case "QLinearConcat":
                AddResult(
                    node, "Concat", Enumerable.Range(0, (node.Input.Count - 2) / 3).Select(i => FloatOf(node, 2 + (3 * i))).ToArray(), 0);
                return true;
            default:
                return node.OpType.StartsWith(Prefix, StringComparison.Ordinal) || Others.Contains(node.OpType)
                    ? throw graph.Unknown(node, "this operator's float form is not known here")
                    : false;
        }
    }

    /// <summary>The float value of an operand, which is followed by its scale and its zero-point.</summary>
    private string FloatOf(NodeProto node, int position)
    {
        string value = node.Input[position];
        return graph.FindCoded(value) is { } coded ? coded.Float
            : graph.FindConstant(value) is { } codes
                ? graph.AddWeights(graph.Dequantize(node, codes, node.Input[position + 1], node.Input[position + 2], 0), codes.Dims)
            : throw graph.Unknown(node, $"the floats that the codes '{value}' were made from are unknown");
    }

    private void AddWeighted(NodeProto node, string operatorType, int? bias, int weightAxis, int result)
    {
        const int Weight = 3;
        List<string> inputs = [FloatOf(node, 0)];
        if (graph.FindConstant(node.Input[Weight]) is { } codes)
        {
            inputs.Add(graph.AddWeights(
                graph.Dequantize(
                    node, codes, node.Input[Weight + 1], node.Input[Weight + 2], weightAxis < 0 ? codes.Dims.Count - 1 : weightAxis),
                codes.Dims));
        }
        else
        {
            inputs.Add(FloatOf(node, Weight));
        }

        if (bias is { } position && node.Input.ElementAtOrDefault(position) is { Length: > 0 } name)
        {
            inputs.Add(AddBias(node, name));
        }

        AddResult(node, operatorType, [.. inputs], result);
    }

    /// <summary>The bias, whose codes have the scale of the products: the input's times the weights'.</summary>
    private string AddBias(NodeProto node, string name)
    {
        if (graph.FindConstant(name) is not { } codes || graph.FindFloat(node.Input[1]) is not { } input
            || graph.FindConstant(node.Input[4]) is not { } weights || !weights.IsFloat())
        {
            throw graph.Unknown(node, "its bias or the scales of it are not constant");
        }

        float[] scales = Array.ConvertAll(weights.ReadFloats(), scale => scale * input);
        return graph.AddWeights(
            CodeTensor.Dequantize(CodeTensor.Read(codes), codes.Dims, scales, null, Math.Max(codes.Dims.Count - 1, 0), 0), codes.Dims);
    }

    /// <summary>Adds the float operator, and remembers what its codes stood for.</summary>
    /// <param name="node">The node.</param>
    /// <param name="operatorType">The float operator.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="position">The input that holds the result's scale; the zero-point follows. Where there is none, the result is
    /// floats.</param>
    private void AddResult(NodeProto node, string operatorType, string[] inputs, int position)
    {
        string scale = node.Input.ElementAtOrDefault(position) ?? "", zeroPoint = node.Input.ElementAtOrDefault(position + 1) ?? "";
        NodeProto made = NodeFactory.Make(operatorType, inputs, scale.Length == 0 ? node.Output[0] : graph.NewName());
        made.Name = node.Name;
        made.Attribute.Add(node.Attribute.Where(attribute => attribute.Name != "channels_last").Select(attribute => attribute.Clone()));
        graph.Add(made);
        if (scale.Length > 0)
        {
            graph.Activations++;
            graph.SetCoded(node.Output[0], new CodedValue(graph.CutAtZero(made.Output[0], node, zeroPoint), scale, zeroPoint));
        }
    }
}
