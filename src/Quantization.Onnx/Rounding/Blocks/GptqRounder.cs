namespace Quantization.Onnx;

/// <summary>
/// GPTQ (Frantar et al. 2022, https://arxiv.org/abs/2210.17323), with inputs in the order of their mean square and ranges that were found
/// before. Inputs that carry most are rounded first, while many weights are left to make up for their errors.
/// </summary>
/// <remarks>
/// The paper updates all later weights after each step by the inverse of the Gram matrix H. With H = Lᵀ · L, L lower, the same target of
/// the
/// weight i is <c>w[i] + Σ L[i, j] · (w[j] − q[j]) / L[i, i]</c> over the weights j that are codes already: no inverse is needed, and each
/// weight is touched once.
/// </remarks>
internal sealed class GptqRounder : IBlockRounder
{
    /// <summary>The share of the mean of the Gram matrix's diagonal that is added to it.</summary>
    private const float Damping = 0.01f;

    /// <summary>The outputs that one thread rounds together.</summary>
    private const int SliceWidth = 64;

    /// <inheritdoc />
    public QuantizedBlocks? Round(BlockProblem problem, CancellationToken cancellationToken)
    {
        QuantizedBlocks? result = new NearestRounder().Round(problem, cancellationToken);
        if (result is null || problem.Gram is not { Count: > 0 } gram)
        {
            return result;
        }

        BlockShape shape = problem.Shape;
        float[] squares = gram.MeanSquares();
        int[] order = [.. Enumerable.Range(0, shape.Inputs).OrderByDescending(input => squares[input])];
        GramFactor factor = GramFactor.Of(gram, order, Damping, cancellationToken);
        float[] panels = PackRows(factor);
        float[] weights = problem.Weights.ReadByInput();
        result.Codes.AsSpan().Clear();
        ParallelOptions options = new() { CancellationToken = cancellationToken };
        Parallel.For(0, (shape.Outputs + SliceWidth - 1) / SliceWidth, options, () =>
            new GptqSlice(shape, SliceWidth), (slice, _, buffers) =>
        {
            buffers.Round(problem.Grid, weights, order, factor, panels, slice * SliceWidth, result);
            return buffers;
        }, _ => { });
        return result;
    }

    /// <summary>The factor's rows as panels of four: the values of each column for four rows one behind another.</summary>
    private static float[] PackRows(GramFactor factor)
    {
        int rows = (factor.Inputs + TileKernel.Rows - 1) / TileKernel.Rows * TileKernel.Rows;
        float[] panels = new float[(long)rows * factor.Inputs];
        Parallel.For(0, rows / TileKernel.Rows, panel =>
        {
            for (int i = 0; i < Math.Min(TileKernel.Rows, factor.Inputs - panel * TileKernel.Rows); i++)
            {
                int row = panel * TileKernel.Rows + i;
                for (int column = 0; column <= row; column++)
                {
                    panels[(long)panel * TileKernel.Rows * factor.Inputs + column * TileKernel.Rows
                        + i] = factor.Values[(long)row * factor.Stride + column];
                }
            }
        });
        return panels;
    }
}
