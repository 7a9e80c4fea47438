namespace Quantization.Onnx;

/// <summary>A way to turn a matrix of weights into codes in blocks.</summary>
internal interface IBlockRounder
{
    /// <summary>Rounds a matrix. Equal problems give equal codes, regardless of the number of threads.</summary>
    /// <param name="problem">The matrix.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>Null where a weight is NaN or infinite.</returns>
    QuantizedBlocks? Round(BlockProblem problem, CancellationToken cancellationToken);
}
