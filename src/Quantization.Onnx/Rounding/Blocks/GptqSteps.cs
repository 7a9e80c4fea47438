namespace Quantization.Onnx;

/// <summary>
/// What the steps of GPTQ read: the weights of a matrix, the order of its inputs, and what is known of these in that order.
/// </summary>
internal sealed class GptqSteps
{
    /// <summary>
    /// The share of the mean of the Gram matrix's diagonal that is added to it: samples are few, and say less of what rare inputs have in
    /// common than they seem to.
    /// </summary>
    private const float Damping = 0.03f;

    /// <summary>Prepares the steps.</summary>
    /// <param name="problem">The matrix.</param>
    /// <param name="gram">What samples say of its inputs.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public GptqSteps(BlockProblem problem, GramMatrix gram, CancellationToken cancellationToken)
    {
        float[] squares = gram.MeanSquares();
        Inputs = gram.Inputs;
        Order = [.. Enumerable.Range(0, Inputs).OrderByDescending(input => squares[input])];
        Factor = GramFactor.Of(gram, Order, Damping, cancellationToken);
        FactorPanels = Pack();
        Weights = problem.Weights.ReadByInput();
        LargestCode = problem.Grid.LargestCode;
    }

    /// <summary>The number of inputs.</summary>
    public int Inputs { get; }

    /// <summary>The input at each place of the order: those with the largest mean square first.</summary>
    public int[] Order { get; }

    /// <summary>The factor of the Gram matrix in that order.</summary>
    public GramFactor Factor { get; }

    /// <summary>The factor's rows as panels of four: the values of each column for four rows one behind another.</summary>
    public float[] FactorPanels { get; }

    /// <summary>The weights, a row for each input.</summary>
    public float[] Weights { get; }

    /// <summary>The largest code.</summary>
    public int LargestCode { get; }

    private float[] Pack()
    {
        int panels = (Inputs + TileKernel.Rows - 1) / TileKernel.Rows;
        float[] values = new float[(long)panels * TileKernel.Rows * Inputs];
        Parallel.For(0, Inputs, row =>
        {
            Span<float> destination = values.AsSpan(row / TileKernel.Rows * TileKernel.Rows * Inputs + row % TileKernel.Rows);
            ReadOnlySpan<float> source = Factor.Values.AsSpan(row * Factor.Stride, row + 1);
            for (int column = 0; column < source.Length; column++)
            {
                destination[column * TileKernel.Rows] = source[column];
            }
        });
        return values;
    }
}
