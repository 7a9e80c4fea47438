using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// MatMul and Gemm with weights in blocks, as MatMulNBits. The factors of a Gemm and a bias that is no list stand behind it.
/// </summary>
internal sealed class BlockProductLowering(BlockConstants constants) : ILowering
{
    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    public const string Domain = "com.microsoft";

    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) =>
        planned is { Facts.Role: NodeRole.Weighted, Plan.Weights.Blocks.Form: BlockForm.MatMulNBits };

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        BlockLayout layout = planned.Plan.Weights!.Blocks!;
        (BlockShape shape, string codes, string scales, string? zeroPoints) = constants.Add(planned, graph);
        graph.Import(Domain);
        NodeProto product = NodeFactory.Make("MatMulNBits", zeroPoints is null ? [node.Input[0], codes, scales]
            : [node.Input[0], codes, scales, zeroPoints], node.Output[0]);
        product.Domain = Domain;
        foreach ((string name, long value) in (ReadOnlySpan<(string, long)>)
            [("K", shape.Inputs), ("N", shape.Outputs), ("bits", shape.Bits), ("block_size", shape.Size), ("accuracy_level",
                layout.AccuracyLevel)])
        {
            product.Attribute.Add(NodeFactory.Int(name, value));
        }

        NodeProto last = node.OpType == "Gemm" ? Complete(product, node, planned, graph) : product;
        last.Name = node.Name;
        return last;
    }

    /// <summary>Adds what a Gemm does beside the product.</summary>
    private static NodeProto Complete(NodeProto product, NodeProto gemm, PlannedNode planned, QdqGraph graph)
    {
        const string Result = "result";
        float alpha = gemm.GetFloat("alpha", 1), beta = gemm.GetFloat("beta", 1);
        string? bias = gemm.Input.Count > WeightSlot.BiasInput
            && gemm.Input[WeightSlot.BiasInput].Length > 0 ? gemm.Input[WeightSlot.BiasInput] : null;
        NodeProto last = product;
        if (alpha != 1)
        {
            Append("Mul", MakeFactor(alpha));
        }

        if (bias is not null)
        {
            Append("Add", beta == 1 ? bias : graph.AddNode("Mul", bias, MakeFactor(beta)));
        }

        last.Output[0] = gemm.Output[0];
        return last;

        void Append(string operatorType, string operand)
        {
            last.Output[0] = graph.NewName();
            graph.Add(last);
            last = NodeFactory.Make(operatorType, [last.Output[0], operand], Result);
        }

        string MakeFactor(float factor)
        {
            TensorProto value = TensorData.Make<float>(TensorProto.Types.DataType.Float, [factor]);
            return graph.AddConstant(planned.Facts.Weight!.FloatType switch
            {
                TensorProto.Types.DataType.Float16 => HalfTensor.Make(value, HalfFormat.Float16),
                TensorProto.Types.DataType.Bfloat16 => HalfTensor.Make(value, HalfFormat.BFloat16),
                _ => value,
            });
        }
    }
}
