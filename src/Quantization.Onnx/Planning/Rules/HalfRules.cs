using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Asks which nodes of a graph can compute in float16. An operator that is not listed stays in 32 bits: its types forbid 16 (Resize's
/// scales, NonMaxSuppression), its result is a shape or a decision that rounding would
/// change (NonZero, Greater), its inputs are coordinates (RoiAlign), or ONNX Runtime refuses it (MeanVarianceNormalization). The types
/// are those of operator set 13 and later.
/// </summary>
internal static class HalfRules
{
    /// <summary>Why a node stays in 32 bits whose operator is not listed.</summary>
    private const string NoForm = "its operator has no form in 16-bit floats, or needs the precision of 32 bits";

    private static readonly FrozenDictionary<string, HalfRule> Rules = Build().ToFrozenDictionary();

    /// <summary>The rules, by operator; for tests.</summary>
    public static IReadOnlyDictionary<string, HalfRule> ByOperator => Rules;

    /// <summary>What the rules say of a graph.</summary>
    public static QuantizableGraph Apply(GraphIndex graph, Target target)
    {
        HashSet<string> floats = FloatValues.Find(graph.Graph);
        List<NodeFacts> facts = [];
        foreach (NodeProto node in graph.Graph.Node)
        {
            HalfOperands? operands = Find(node, floats);
            if (operands is not null)
            {
                floats.UnionWith(operands.Results.Select(position => node.Output[position]));
            }

            string? reason = operands is null && node.Input.Any(floats.Contains) ? NoForm : null;
            string[] inner = [.. node.Subgraphs().SelectMany(GraphExtensions.AllGraphs).SelectMany(each => each.Node)
                .Where(WeightSlot.CanHaveWeights).Select(each => each.GetLabel())];
            facts.Add(new NodeFacts(node, operands is null ? null : Make(node, operands, graph), reason, inner));
        }

        return new QuantizableGraph(graph, target, facts);
    }

    private static QuantizableNode Make(NodeProto node, HalfOperands operands, GraphIndex graph) =>
        new(
            node,
            NodeRole.Arithmetic,
            [.. operands.Inputs.Select(position => node.Input[position]).Where(input => graph.FindConstant(input) is null)],
            node) { Half = operands };

    /// <summary>What a node can have in 16 bits; null where nothing, or where its inputs are not surely 32-bit floats.</summary>
    private static HalfOperands? Find(NodeProto node, HashSet<string> floats)
    {
        if (!Opset.IsOnnx(node.Domain) || node.Output is not [{ Length: > 0 }, ..] || !Rules.TryGetValue(node.OpType, out HalfRule? rule)
            || rule.Condition?.Invoke(node) == false)
        {
            return null;
        }

        int[] inputs = [.. (rule.Inputs ?? Enumerable.Range(0, node.Input.Count))
            .Where(position => position < node.Input.Count && node.Input[position].Length > 0)];
        int[] results = [.. (rule.Results ?? Enumerable.Range(0, node.Output.Count))
            .Where(position => position < node.Output.Count && node.Output[position].Length > 0)];
        return inputs.Length > 0 && inputs.All(position => floats.Contains(node.Input[position]))
            ? new HalfOperands(inputs, results, rule)
            : null;
    }

    private static Dictionary<string, HalfRule> Build()
    {
        HalfRule every = new(null, null), first = new([0], [0]);
        Dictionary<string, HalfRule> rules = [];
        Add(
            every, "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "AveragePool", "Cos", "Cosh", "Einsum", "Elu", "Erf", "Gelu",
            "GlobalAveragePool", "GlobalMaxPool", "GroupNormalization", "HardSigmoid", "HardSwish", "Hardmax", "InstanceNormalization",
            "LRN", "Log", "LogSoftmax", "Mish", "PRelu", "Reciprocal", "Selu", "Sigmoid", "Sin", "Sinh", "Softmax", "Softplus", "Softsign",
            "Sqrt", "Tan", "Tanh");
        Add(
            every with { CarriesRange = true },
            "Abs",
            "Add",
            "Ceil",
            "Clip",
            "Concat",
            "Floor",
            "Identity",
            "LeakyRelu",
            "Max",
            "Mean",
            "Min",
            "Mul",
            "Neg",
            "Relu",
            "Round",
            "Shrink",
            "Sign",
            "Sub",
            "Sum",
            "ThresholdedRelu");
        Add(
            first with { CarriesRange = true },
            "Compress",
            "DepthToSpace",
            "Expand",
            "Flatten",
            "GatherElements",
            "GatherND",
            "MaxPool",
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "Reshape",
            "Resize",
            "ReverseSequence",
            "Slice", "SpaceToDepth", "Squeeze", "Tile", "TopK", "Transpose", "Trilu", "Unsqueeze");
        Add(
            first with { WidensRange = true },
            "Det",
            "Exp",
            "GlobalLpPool",
            "LpNormalization",
            "LpPool",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceProd",
            "ReduceSum",
            "ReduceSumSquare");
        Add(every with { WidensRange = true }, "Pow");
        Add(every with { Divisor = 1 }, "Div");
        Add(every with { Weights = [1] }, "Conv", "ConvTranspose", "Gemm");
        Add(every with { Weights = [0, 1] }, "MatMul");
        Add(first with { Weights = [0], CarriesRange = true }, "Gather");
        Add(new HalfRule([0, 1, 2, 3, 5], null) { Weights = [1, 2] }, "GRU", "RNN");
        Add(new HalfRule([0, 1, 2, 3, 5, 6, 7], null) { Weights = [1, 2] }, "LSTM");
        Add(every with { Condition = node => node.Output.Count == 1 }, "BatchNormalization");
        Add(new HalfRule(null, [0]), "LayerNormalization");
        Add(new HalfRule([0], []), "ArgMax", "ArgMin", "Shape", "Size");
        Add(new HalfRule([0], null) { CarriesRange = true }, "Split");
        Add(new HalfRule([0, 2], [0]) { CarriesRange = true }, "Pad");

        // ONNX Runtime adds and multiplies no 16-bit floats here.
        Add(
            new HalfRule([0, 2], [0]) { CarriesRange = true, Condition = node => node.GetText("reduction", "none") == "none" },
            "ScatterElements",
            "ScatterND");
        Add(first with { CarriesRange = true, Condition = node => node.Input.Count < 3 }, "Dropout"); // no training mode
        Add(new HalfRule([1, 2], [0]) { CarriesRange = true }, "Where");
        return rules;

        void Add(HalfRule rule, params string[] operators)
        {
            foreach (string each in operators)
            {
                rules.Add(each, rule);
            }
        }
    }
}
