namespace Quantization.Onnx;

/// <summary>A matrix that is to become codes in blocks.</summary>
/// <param name="Weights">Reads the weights.</param>
/// <param name="Shape">The matrix.</param>
/// <param name="Grid">The codes.</param>
internal sealed record BlockProblem(MatrixReader Weights, BlockShape Shape, BlockGrid Grid)
{
    /// <summary>
    /// What samples say of the inputs; null where there are none. Then the ranges of blocks minimize the error of the outputs.
    /// </summary>
    public GramMatrix? Gram { get; init; }
}
