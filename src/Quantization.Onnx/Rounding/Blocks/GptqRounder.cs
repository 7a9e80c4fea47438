namespace Quantization.Onnx;

/// <summary>
/// GPTQ (Frantar et al. 2022, https://arxiv.org/abs/2210.17323), with inputs in the order of their mean square and ranges that were found
/// before. Inputs that carry most are rounded first, while many weights are left to make up for their errors.
/// </summary>
/// <remarks>
/// The paper updates all later weights after each step by the inverse of the Gram matrix H. With H = Lᵀ · L, L lower, the same target of
/// the weight i is <c>w[i] + Σ L[i, j] · (w[j] − q[j]) / L[i, i]</c> over the weights j that are codes already: no inverse is needed, and
/// each weight is touched once.
/// </remarks>
internal sealed class GptqRounder : IBlockRounder
{
    /// <inheritdoc />
    public QuantizedBlocks? Round(BlockProblem problem, CancellationToken cancellationToken)
    {
        QuantizedBlocks? result = new NearestRounder().Round(problem, cancellationToken);
        if (result is null || problem.Gram is not { Count: > 0 } gram)
        {
            return result;
        }

        BlockShape shape = problem.Shape;
        GptqSteps steps = new(problem, gram, cancellationToken);
        result.Codes.AsSpan().Clear();
        ParallelOptions options = new() { CancellationToken = cancellationToken };
        Parallel.For(
            0, (shape.Outputs + GptqSlice.Width - 1) / GptqSlice.Width, options, () => new GptqSlice(shape), (slice, _, buffers) =>
            {
                buffers.Round(steps, slice * GptqSlice.Width, result);
                return buffers;
            }, _ => { });
        return result;
    }
}
