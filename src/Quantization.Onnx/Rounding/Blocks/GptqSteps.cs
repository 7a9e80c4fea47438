namespace Quantization.Onnx;

/// <summary>What the steps of GPTQ read: the weights of a matrix, the order of its inputs, and what is known of these in that order.</summary>
internal sealed class GptqSteps
{
    /// <summary>How often each code is chosen anew after the first choice.</summary>
    public static readonly int Passes = int.Parse(Environment.GetEnvironmentVariable("QX_PASSES") ?? "1");

    /// <summary>The share of the mean of the Gram matrix's diagonal that is added to it.</summary>
    private static readonly float Damping = float.Parse(Environment.GetEnvironmentVariable("QX_DAMP") ?? "0.01");

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
        FactorPanels = Pack((row, destination) =>
        {
            ReadOnlySpan<float> source = Factor.Values.AsSpan(row * Factor.Stride, row + 1);
            for (int column = 0; column < source.Length; column++)
            {
                destination[column * TileKernel.Rows] = source[column];
            }
        });
        GramPanels = Pack((row, destination) =>
        {
            ReadOnlySpan<float> source = gram.Sums.AsSpan(Order[row] * Inputs, Inputs);
            for (int column = 0; column < source.Length; column++)
            {
                destination[column * TileKernel.Rows] = source[Order[column]];
            }

            destination[row * TileKernel.Rows] += Factor.Added;
        });
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

    /// <summary>The rows of the Gram matrix in that order, as such panels.</summary>
    public float[] GramPanels { get; }

    /// <summary>The weights, a row for each input.</summary>
    public float[] Weights { get; }

    /// <summary>The largest code.</summary>
    public int LargestCode { get; }

    /// <summary>A value of the Gram matrix in that order.</summary>
    public float GramAt(int row, int column) =>
        GramPanels[(long)(row / TileKernel.Rows) * TileKernel.Rows * Inputs + (long)column * TileKernel.Rows + row % TileKernel.Rows];

    /// <summary>Makes panels of rows.</summary>
    /// <param name="fill">Fills a row in, with <see cref="TileKernel.Rows"/> places from each value to the next.</param>
    private float[] Pack(Action<int, Span<float>> fill)
    {
        int panels = (Inputs + TileKernel.Rows - 1) / TileKernel.Rows;
        float[] values = new float[(long)panels * TileKernel.Rows * Inputs];
        Parallel.For(0, Inputs, row =>
            fill(row, values.AsSpan(row / TileKernel.Rows * TileKernel.Rows * Inputs + row % TileKernel.Rows)));
        return values;
    }
}
