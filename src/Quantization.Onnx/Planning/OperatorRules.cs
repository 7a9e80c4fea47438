using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The operators that may run on codes between weighted nodes. What is not listed stays in float.</summary>
internal static class OperatorRules
{
    private const string HasIntegerForm = "ONNX Runtime has an integer form of it (QLinear…)";
    private const string MovesValues = "it moves values and computes nothing, so codes keep their parameters";

    private static readonly FrozenDictionary<string, OperatorRule> Rules = new Dictionary<string, OperatorRule>
    {
        ["Add"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["AveragePool"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["Concat"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["GlobalAveragePool"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["LeakyRelu"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["Mul"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["Sigmoid"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["Sub"] = new(NodeRole.Arithmetic, "it is an Add of the negative, whose codes have a negative scale"),
        ["DepthToSpace"] = new(NodeRole.DataMovement, MovesValues),
        ["Expand"] = new(NodeRole.DataMovement, MovesValues),
        ["Flatten"] = new(NodeRole.DataMovement, MovesValues),
        ["Gather"] = new(NodeRole.DataMovement, MovesValues),
        ["MaxPool"] = new(NodeRole.DataMovement, "the largest code stands for the largest value") { Condition = node => node.Output.Count == 1 },
        ["Pad"] = new(NodeRole.DataMovement, "between go zeros, which every range contains") { Condition = node => node.Input.Count < 3 || node.Input[2].Length == 0 },
        ["Reshape"] = new(NodeRole.DataMovement, MovesValues),
        ["Resize"] = new(NodeRole.DataMovement, "the nearest value is taken as it is; other modes compute, and ONNX Runtime does so in float") { Condition = node => node.GetText("mode", "nearest") == "nearest" },
        ["Slice"] = new(NodeRole.DataMovement, MovesValues),
        ["Split"] = new(NodeRole.DataMovement, MovesValues),
        ["Squeeze"] = new(NodeRole.DataMovement, MovesValues),
        ["Tile"] = new(NodeRole.DataMovement, MovesValues),
        ["Transpose"] = new(NodeRole.DataMovement, MovesValues),
        ["Unsqueeze"] = new(NodeRole.DataMovement, MovesValues),
    }.ToFrozenDictionary();

    /// <summary>The rule that holds for a node; null where it stays in float.</summary>
    public static OperatorRule? Find(NodeProto node) =>
        Opset.IsOnnx(node.Domain) && Rules.TryGetValue(node.OpType, out OperatorRule? rule) && rule.Condition?.Invoke(node) != false ? rule : null;
}
