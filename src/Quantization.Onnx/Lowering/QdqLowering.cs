using Google.Protobuf.Collections;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Writes a planned model in the QDQ form: a QuantizeLinear–DequantizeLinear pair at each quantized value, a DequantizeLinear behind each quantized weight, the float operators in between. A runtime that knows the
/// form runs them on codes; any other still computes the same function. What becomes of each planned node is said by the lowerings.
/// </summary>
internal static class QdqLowering
{
    /// <summary>The quantized model; the float one is not changed.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="graph">Its graph.</param>
    /// <param name="plan">What to quantize in it.</param>
    /// <param name="activations">The parameters of each value in the plan.</param>
    /// <param name="options">Formats and granularity.</param>
    /// <param name="weightRanges">Finds the ranges of weights; null to find each anew.</param>
    public static ModelProto Write(
        FloatModel model, GraphIndex graph, QuantizationPlan plan, IReadOnlyDictionary<string, QuantizationParameters> activations, PtqOptions options, WeightRanges? weightRanges = null)
    {
        Dictionary<NodeProto, PlannedNode> planned = new(plan.Nodes.Select(node => KeyValuePair.Create(node.Node, node)), ReferenceEqualityComparer.Instance);
        HashSet<string> madeFromCodes = [.. plan.Nodes.Where(node => node.Role != NodeRole.TableLookup).SelectMany(node => node.Outputs).Where(activations.ContainsKey)];
        HashSet<string> captured = CaptureBarrier.Find(graph, madeFromCodes, planned);
        ILowering[] lowerings = LoweringsOf(model, options, weightRanges ?? new WeightRanges());
        ModelProto written = model.Model.Clone();
        written.Graph.Node.Clear();
        QdqGraph target = new(written, new NameAllocator(graph.Graph), madeFromCodes, activations)
        {
            NeedsBarrier = value => model.Target.QuantizesBetweenPairs && FusionBarrier.IsNeeded(value, graph, madeFromCodes, planned.ContainsKey),
            ActivationType = options.ActivationFormat.Type == CodeType.UInt8 ? TensorProto.Types.DataType.Uint8 : TensorProto.Types.DataType.Int8,
        };
        foreach (NodeProto source in graph.Graph.Node)
        {
            NodeProto node = source.Clone();
            Replace(node.Input, target.NameOf);
            if (!planned.TryGetValue(source, out PlannedNode? plannedNode))
            {
                AddWithPairs(node, target, captured);
                continue;
            }

            Replace(node.Input, input => plannedNode.Inputs.Contains(input) ? target.ReadFromCodes(input) : input);
            if (Array.Find(lowerings, lowering => lowering.CanLower(plannedNode))!.Lower(node, plannedNode, target) is { } lowered)
            {
                AddWithPairs(lowered, target, captured);
            }
        }

        Array.ForEach(lowerings, lowering => lowering.Finish(written.Graph));
        UnusedConstants.Remove(written.Graph);
        return written;
    }

    private static ILowering[] LoweringsOf(FloatModel model, PtqOptions options, WeightRanges weightRanges)
    {
        WeightRounding rounding = new(model.File.Path, weightRanges, options);
        TableCodes tables = new();
        return
        [
            new TableLookupLowering(rounding, tables),
            new SubpixelLowering(rounding),
            new WeightLowering(rounding, tables),
            new ConstantOperandLowering(options),
            new NegatedSubLowering(model.Target),
            new FlattenLowering(),
            new PlainLowering(),
        ];
    }

    /// <summary>Adds a node, behind it the pairs of its results, and the operators that keep captured results in float.</summary>
    private static void AddWithPairs(NodeProto node, QdqGraph target, HashSet<string> captured)
    {
        target.Add(node);
        for (int i = 0; i < node.Output.Count; i++)
        {
            string result = node.Output[i];
            if (target.IsMadeFromCodes(result))
            {
                node.Output[i] = target.NewName();
                target.AddResultPair(node.Output[i], result);
            }
            else if (captured.Contains(result))
            {
                node.Output[i] = target.NewName();
                target.Add(NodeFactory.Make(FusionBarrier.OperatorType, [node.Output[i]], result));
            }
        }
    }

    private static void Replace(RepeatedField<string> names, Func<string, string> replacement)
    {
        for (int i = 0; i < names.Count; i++)
        {
            names[i] = replacement(names[i]);
        }
    }
}
