using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The operators that may run on codes between weighted nodes. What is not listed stays in float.</summary>
internal static class OperatorRules
{
    /// <summary>The operators that multiply by weights, in a list for messages.</summary>
    public const string WeightedNames = "Conv, ConvTranspose, Gemm or MatMul";

    /// <summary>The same, in a list that goes on.</summary>
    public const string EachWeightedNames = "Conv, ConvTranspose, Gemm, MatMul";

    private const string HasIntegerForm = "ONNX Runtime has an integer form of it (QLinear…)";
    private const string MovesValues = "it moves values and computes nothing, so codes keep their parameters";

    private static readonly FrozenDictionary<string, OperatorRule> Rules = new Dictionary<string, OperatorRule>
    {
        ["Add"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["AveragePool"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["Concat"] = new(NodeRole.Arithmetic, HasIntegerForm) { CopiesInputs = true },
        ["GlobalAveragePool"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["LeakyRelu"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["Mul"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["Sigmoid"] = new(NodeRole.Arithmetic, HasIntegerForm),
        ["Sub"] = new(NodeRole.Arithmetic, "it is an Add of the negative, whose codes have a negative scale"),
        ["DepthToSpace"] = new(NodeRole.DataMovement, MovesValues),
        ["Expand"] = new(NodeRole.DataMovement, MovesValues),
        ["Flatten"] = new(NodeRole.DataMovement, MovesValues),
        ["Gather"] = new(NodeRole.DataMovement, MovesValues),
        ["MaxPool"] =
            new(NodeRole.DataMovement, "the largest code stands for the largest value") { Condition = node => node.Output.Count == 1 },
        ["Pad"] = new(NodeRole.DataMovement, "between go zeros, which every range contains")
        {
            Condition = node => node.Input.Count < 3 || node.Input[2].Length == 0
        },
        ["Reshape"] = new(NodeRole.DataMovement, MovesValues),
        ["Resize"] = new(NodeRole.DataMovement, "the nearest value is taken as it is; other modes compute, and ONNX "
            + "Runtime does so in float") { Condition = node => node.GetText("mode", "nearest") == "nearest" },
        ["Slice"] = new(NodeRole.DataMovement, MovesValues),
        ["Split"] = new(NodeRole.DataMovement, MovesValues),
        ["Squeeze"] = new(NodeRole.DataMovement, MovesValues),
        ["Tile"] = new(NodeRole.DataMovement, MovesValues),
        ["Transpose"] = new(NodeRole.DataMovement, MovesValues),
        ["Unsqueeze"] = new(NodeRole.DataMovement, MovesValues),
    }.ToFrozenDictionary();

    /// <summary>Interpolation, for runtimes that have an integer form of it.</summary>
    private static readonly OperatorRule Interpolation =
        new(NodeRole.Arithmetic, "the runtime interpolates on integers") { ReadsFirstInputAlone = true };

    /// <summary>The rule that holds for a node; null where it stays in float.</summary>
    public static OperatorRule? Find(NodeProto node, Target target) =>
        !Opset.IsOnnx(node.Domain) ? null
        : Rules.TryGetValue(node.OpType, out OperatorRule? rule) && rule.Condition?.Invoke(node) != false ? rule
        : node.OpType == "Resize" && target.HasIntegerInterpolation ? Interpolation
        : null;

    /// <summary>Whether a node multiplies two computed matrices.</summary>
    public static bool IsProduct(NodeProto node, GraphIndex graph) =>
        node.OpType == "MatMul" && Opset.IsOnnx(node.Domain) && node.Input.All(input => graph.FindConstant(input) is null);

    /// <summary>Whether a node with weights can add a bias.</summary>
    public static bool AddsBias(NodeProto node) => node.OpType is "Conv" or "Gemm";

    /// <summary>
    /// Whether a node runs on integers only if its result becomes codes at once: Conv and ConvTranspose, and Gemm with its Relu, which ONNX
    /// Runtime would otherwise join in float. A Gemm or MatMul by itself may hand out floats.
    /// </summary>
    public static bool NeedsCodedResult(NodeProto node, NodeProto last) =>
        node.OpType is "Conv" or "ConvTranspose" || (node.OpType == "Gemm" && last != node);

    /// <summary>
    /// ONNX Runtime adds the bias behind a MatMul to the float that its integers give, which is as fast and finer than codes of both.
    /// </summary>
    public static bool AddsToProduct(ConstantOperand constant, string computed, GraphIndex graph) =>
        constant.OperatorType == "Add" && graph.FindProducer(computed) is { OpType: "MatMul" };

    /// <summary>
    /// A Relu or Clip that alone reads the result and cuts at 0 is superfluous once the result's codes begin at 0: ONNX Runtime leaves it
    /// out.
    /// </summary>
    public static NodeProto FindLast(NodeProto node, GraphIndex graph)
    {
        string output = node.Output[0];
        return !graph.IsVisibleOutside(output) && graph.Consumers(output) is [{ } next] && Opset.IsOnnx(next.Domain)
            && (next.OpType == "Relu" || (next.OpType == "Clip" && CutsAtZero(next, graph))) ? next : node;
    }

    private static bool CutsAtZero(NodeProto clip, GraphIndex graph) =>
        clip.Input.Count > 1 && graph.FindConstant(clip.Input[1]) is { } least && least.IsFloat()
        && (least.HasRawData ? !least.RawData.Span.ContainsAnyExcept((byte)0) : !least.FloatData.Any(value => value != 0));
}
