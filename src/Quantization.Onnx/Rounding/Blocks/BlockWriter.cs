namespace Quantization.Onnx;

/// <summary>Quantizes blocks of eight outputs and puts them where they belong.</summary>
/// <param name="problem">The matrix.</param>
/// <param name="result">Gets the codes.</param>
internal ref struct BlockWriter(BlockProblem problem, QuantizedBlocks result)
{
    private readonly BlockKernel _kernel = new(problem.Shape, problem.Grid, problem.Gram is { Count: > 0 } ? problem.Gram : null);

    /// <summary>What rounding added to the weights written so far.</summary>
    public RoundingError Error { get; private set; }

    /// <summary>Quantizes one block of eight outputs. Those past the last are left out.</summary>
    /// <param name="weights">The weights, as <see cref="BlockKernel.Quantize"/> takes them.</param>
    /// <param name="stride">How far the rows are apart.</param>
    /// <param name="rows">The rows that there are.</param>
    /// <param name="importance">The weight of each row's squared error; empty for equal ones.</param>
    /// <param name="output">The first output.</param>
    /// <param name="block">The block.</param>
    /// <returns>Whether all weights are finite.</returns>
    public bool Write(ReadOnlySpan<float> weights, int stride, int rows, ReadOnlySpan<float> importance, int output, int block)
    {
        BlockShape shape = problem.Shape;
        int wordCount = shape.Size / shape.CodesPerWord;
        Span<float> scales = stackalloc float[BlockKernel.Lanes], zeroPoints = stackalloc float[BlockKernel.Lanes];
        Span<uint> words = stackalloc uint[wordCount * BlockKernel.Lanes];
        Span<float> noise = stackalloc float[BlockKernel.Lanes], signal = stackalloc float[BlockKernel.Lanes];
        if (!_kernel.Quantize(weights, stride, block * problem.Shape.Size, rows, importance, scales, zeroPoints, words, noise, signal))
        {
            return false;
        }

        for (int lane = 0; lane < Math.Min(BlockKernel.Lanes, shape.Outputs - output); lane++)
        {
            int index = (output + lane) * shape.Blocks + block;
            Error = new RoundingError(Error.Noise + noise[lane], Error.Signal + signal[lane]);
            result.Scales[index] = scales[lane];
            if (result.ZeroPoints is not null)
            {
                result.ZeroPoints[index] = (byte)zeroPoints[lane];
            }

            result.SetBlock(output + lane, block, words[lane..], BlockKernel.Lanes);
        }

        return true;
    }
}
