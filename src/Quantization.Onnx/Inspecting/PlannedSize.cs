using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The size of the file that a plan leads to, from the shapes of tensors alone: no weight is read.</summary>
internal static class PlannedSize
{
    /// <summary>What a node of a few inputs takes, and what a small constant takes, with their names.</summary>
    private const int NodeBytes = 60, ConstantBytes = 40;

    /// <summary>The bytes of the model of a plan.</summary>
    public static long Of(FloatModel model, QuantizationPlan plan)
    {
        GraphIndex graph = model.Analysis.Graph;
        long bytes = ModelStore.SizeOf(model.Model);
        Dictionary<TensorProto, int> replaced = new(ReferenceEqualityComparer.Instance); // comparing contents would read all of them
        HashSet<(string Value, HalfFormat Format)> halves = [];
        HashSet<(int Tensor, int Axis, bool IsBlocks, int Bits)> coded = [];
        foreach (NodePlan node in plan.Nodes)
        {
            foreach (HalfEncoding half in node.HalfInputs)
            {
                if (graph.FindConstant(half.Value) is { } constant && halves.Add((half.Value, half.Format)))
                {
                    bytes -= sizeof(ushort) * constant.CountElements()!.Value;
                }
            }

            if (node.Weights is not { } encoding)
            {
                continue;
            }

            QuantizableNode facts = model.Analysis.Find(node);
            foreach (WeightSlot slot in ((WeightSlot?[])[facts.Weight, facts.Recurrence]).OfType<WeightSlot>())
            {
                bytes += 2 * NodeBytes;
                if (replaced.TryAdd(slot.Weight, replaced.Count))
                {
                    bytes -= slot.Weight.CalculateSize();
                }

                if (coded.Add((replaced[slot.Weight], slot.ChannelAxis, encoding.Blocks is not null, encoding.Format.StorageBits)))
                {
                    bytes += (3 * ConstantBytes) + SizeOf(slot, encoding);
                }
            }
        }

        int pairs = plan.Activations.Count();
        return bytes + (pairs * 2L * (NodeBytes + ConstantBytes));
    }

    /// <summary>The bytes of codes, scales and zero points.</summary>
    private static long SizeOf(WeightSlot slot, TensorEncoding encoding)
    {
        long elements = slot.Weight.CountElements()!.Value;
        if (encoding.Blocks is not { } layout)
        {
            long scales = encoding.Granularity == GranularityKind.PerChannel ? slot.Channels : 1;
            return (elements * encoding.Format.StorageBits / 8) + (scales * sizeof(float));
        }

        int bits = encoding.Format.StorageBits;
        BlockShape shape = new((int)slot.Weight.Dims[1 - slot.ChannelAxis], (int)slot.Channels, layout.Size, bits);
        long blocks = (long)shape.Outputs * shape.Blocks;
        int scaleBytes = slot.FloatType == TensorProto.Types.DataType.Float ? sizeof(float) : sizeof(ushort);
        long zeroPoints = encoding.Scheme == QuantizationScheme.Affine ? shape.Outputs * (((long)shape.Blocks * bits + 7) / 8) : 0;
        return (blocks * (shape.BlobBytes + scaleBytes)) + zeroPoints;
    }
}
