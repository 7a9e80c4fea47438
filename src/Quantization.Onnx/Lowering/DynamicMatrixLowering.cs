using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// MatMul and Gemm with int8 weights and an input whose range is found at run time: DynamicQuantizeLinear, once for all readers of the
/// value, then MatMulInteger, and the product of both scales. ONNX Runtime joins all
/// that, and an Add of a bias behind it, to one operator.
/// </summary>
internal sealed class DynamicMatrixLowering(WeightRounding rounding, MatrixCodes matrices) : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) =>
        planned.Facts is { TakesDynamicInput: true, Node.OpType: "MatMul" or "Gemm" }
            && planned.Plan.Weights is not null
            && planned.Plan.InputAt(0)?.Range is DynamicRange;

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        QuantizedWeight weight = rounding.Round(planned);
        bool isGemm = node.OpType == "Gemm";
        bool isTransposed = isGemm && node.GetInt("transB", 0) != 0;
        float alpha = isGemm ? node.GetFloat("alpha", 1) : 1;
        int? axis = weight.Axis is null ? null : 1;
        DynamicInput input = graph.QuantizeAtRunTime(node.Input[0]);
        string codes = matrices.Add(isTransposed ? MatrixCodes.Transpose(weight.Codes) : weight.Codes, graph);
        string scales = graph.AddScales(alpha == 1 ? weight.Scales : [.. weight.Scales.Select(scale => scale * alpha)], axis);
        string sums = graph.AddNode("MatMulInteger", input.Codes, codes, input.ZeroPoint, graph.AddZeroPoints(weight, axis));
        string scale = graph.AddNode("Mul", input.Scale, scales);
        string? bias = isGemm && node.Input.Count > WeightSlot.BiasInput && node.Input[WeightSlot.BiasInput].Length > 0
            ? node.Input[WeightSlot.BiasInput]
            : null;
        NodeProto product = NodeFactory.Make("Mul", [graph.AddCast(sums), scale], bias is null ? node.Output[0] : graph.NewName());
        NodeProto last = product;
        if (bias is not null)
        {
            graph.Add(product);
            last = NodeFactory.Make("Add", [product.Output[0], Scale(bias, node.GetFloat("beta", 1), graph)], node.Output[0]);
        }

        last.Name = node.Name;
        return last;
    }

    private static string Scale(string bias, float beta, QdqGraph graph) =>
        beta == 1 ? bias : graph.AddNode("Mul", bias, graph.AddConstant(TensorData.Make<float>(TensorProto.Types.DataType.Float, [beta])));
}
