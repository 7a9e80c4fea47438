using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>How many inputs and outputs a node has to have, so that rules can go by its first ones.</summary>
internal static class NodeArity
{
    /// <summary>Refuses a node that has fewer inputs or outputs than its operator defines.</summary>
    /// <exception cref="OnnxModelException">There is one.</exception>
    public static void ThrowIfTooSmall(string path, ModelProto model)
    {
        foreach (NodeProto node in model.AllGraphs().SelectMany(graph => graph.Node))
        {
            if (!Opset.IsOnnx(node.Domain) && node.Domain != Opset.MicrosoftDomain)
            {
                continue; // a function or an operator of the user's own
            }

            if (node.Output.Count == 0)
            {
                throw new OnnxModelException(path, $"node {node.Describe()} has no output; export the model again.", node.Name);
            }

            if (node.Input.Count < MinInputs(node))
            {
                throw new OnnxModelException(
                    path,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"node {node.Describe()} has {node.Input.Count} inputs and needs {MinInputs(node)} at "
                            + $"least; export the model again."),
                    node.Name);
            }
        }
    }

    /// <summary>The inputs that an operator cannot do without, of all opsets; 0 where it is not known.</summary>
    private static int MinInputs(NodeProto node) => Opset.IsOnnx(node.Domain)
        ? node.OpType switch
        {
            "Constant" or "RandomNormal" or "RandomUniform" or "SequenceEmpty" or "Optional" or "Loop" => 0,
            "Add" or "Sub" or "Mul" or "Div" or "Pow" or "Mod" or "MatMul" or "Gemm" or "Conv" or "ConvTranspose" or "PRelu" or "Gather"
                or "GatherElements" or "GatherND" or "QuantizeLinear" or "DequantizeLinear" or "MatMulInteger" or "ConvInteger" or "Equal"
                or "Greater" or "Less" or "And" or "Or" or "LayerNormalization" or "Expand" => 2,
            "Where" or "LSTM" or "GRU" or "RNN" or "InstanceNormalization" or "ScatterND" or "ScatterElements" => 3,
            "BatchNormalization" => 5,
            "QLinearConv" or "QLinearMatMul" => 8,
            _ => 1,
        }
        : node.OpType is "MatMulNBits" or "GatherBlockQuantized" ? 3 : 0;
}
