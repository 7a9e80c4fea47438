namespace Quantization.Onnx;

/// <summary>Checks weights in blocks of a plan.</summary>
internal static class BlockPlanCheck
{
    private const int LargestAccuracyLevel = 4;

    /// <summary>Throws where a node cannot have its weights so.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="node">The node in it.</param>
    /// <param name="facts">What the rules say of the node.</param>
    /// <param name="hasSamples">Whether there are samples to round by.</param>
    /// <exception cref="ArgumentException">It cannot.</exception>
    public static void ThrowUnlessFits(QuantizationPlan plan, NodePlan node, QuantizableNode facts, bool hasSamples)
    {
        TensorEncoding weights = node.Weights!;
        string place = $"the weights of node '{node.Node}'";
        BlockLayout blocks = weights.Blocks
            ?? throw PlanCheck.Wrong(plan, $"gives {place} blocks, but not how these are written; give blockSize and form");
        string? wrong = weights.Granularity != GranularityKind.PerBlock
            ? $"gives {place} a block size and the granularity {weights.Granularity}; make it {GranularityKind.PerBlock}"
            : !BlockLayout.IsSize(blocks.Size)
                ? FormattableString.Invariant($"gives {place} blocks of {blocks.Size}; known are {string.Join(", ", BlockLayout.Sizes)}")
            : weights.Format.Type is not (CodeType.UInt2 or CodeType.UInt4 or CodeType.UInt8) || weights.Format.MinCode != 0
                ? $"gives {place} {weights.Format}; codes in blocks are uint2, uint4 or uint8 from 0 on"
            : weights.Scheme == QuantizationScheme.Symmetric && weights.Format != PlanNames.AllCodes(weights.Format.Type)
                ? $"gives {place} {weights.Format} and the symmetric scheme, whose zero point is the middle of all codes; take 'codes' "
                    + $"out, or make the scheme affine"
            : !BlockRules.CanHaveBlocks(facts)
                ? $"gives {place} blocks, which only matrices and tables can have; make it per-channel"
            : blocks.Form == BlockForm.DequantizeLinear && (facts.Role == NodeRole.TableLookup || weights.Format.Type == CodeType.UInt2)
                ? $"writes {place} by DequantizeLinear, which takes no tables in blocks and no 2 bits; make the form matmul-nbits"
            : blocks.AccuracyLevel is < 0 or > LargestAccuracyLevel
                ? FormattableString.Invariant(
                    $"gives {place} the accuracy level {blocks.AccuracyLevel}; known are 0 to {LargestAccuracyLevel}")
            : weights.Range is not OwnRange { Calibrator: MaxCalibrator or MseCalibrator }
                ? $"finds the ranges of {place} by {weights.Range}; those of blocks are found by the calibrators Max and MSE"
            : weights.Method != WeightMethod.Nearest && facts.IsInBody
                ? $"rounds {place} by the method {weights.Method}, which sees no value inside of a branch or loop; make the method nearest"
            : weights.Method != WeightMethod.Nearest && !hasSamples
                ? $"rounds {place} by the method {weights.Method}, which needs samples; give those again that the plan was made with, or "
                    + $"make the method nearest"
            : null;
        if (wrong is not null)
        {
            throw PlanCheck.Wrong(plan, wrong);
        }
    }
}
