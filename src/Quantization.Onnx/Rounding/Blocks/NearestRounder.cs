using System.Buffers;

namespace Quantization.Onnx;

/// <summary>
/// Rounds each weight to the nearest code. Where there are samples, ranges minimize the error weighted by the mean square of each input.
/// Few weights are in memory at once.
/// </summary>
internal sealed class NearestRounder : IBlockRounder
{
    /// <inheritdoc />
    public QuantizedBlocks? Round(BlockProblem problem, CancellationToken cancellationToken)
    {
        return Round(problem, problem.Weights.Factors?.Importance ?? problem.Gram?.MeanSquares() ?? [], cancellationToken);
    }

    /// <summary>Rounds a matrix.</summary>
    /// <param name="problem">The matrix.</param>
    /// <param name="importance">The weight of the squared error of each input; empty for equal ones.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>Null where a weight is NaN or infinite.</returns>
    public static QuantizedBlocks? Round(BlockProblem problem, float[] importance, CancellationToken cancellationToken)
    {
        QuantizedBlocks result = new(problem.Shape, problem.Grid.IsAffine);
        ParallelOptions options = new() { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
        int parts = problem.Weights.IsTransposed ? (problem.Shape.Outputs + BlockKernel.Lanes - 1) / BlockKernel.Lanes
            : problem.Shape.Blocks;
        RoundingError[] errors = new RoundingError[parts];
        ParallelLoopResult loop = Parallel.For(0, parts, options, (part, state) =>
        {
            bool isFinite = problem.Weights.IsTransposed ? RoundOutputs(problem, part, importance, result, out errors[part])
                : RoundBlock(problem, part, importance, result, out errors[part]);
            if (!isFinite)
            {
                state.Stop();
            }
        });
        result.Error = new RoundingError(errors.Sum(error => error.Noise), errors.Sum(error => error.Signal));
        return loop.IsCompleted ? result : null;
    }

    /// <summary>One block of all outputs, where a stored row is an input.</summary>
    private static bool RoundBlock(BlockProblem problem, int block, float[] importance, QuantizedBlocks result, out RoundingError error)
    {
        error = default;
        BlockShape shape = problem.Shape;
        int first = block * shape.Size, rows = Math.Min(shape.Size, shape.Inputs - first);
        int values = rows * shape.Outputs;
        float[] weights = ArrayPool<float>.Shared.Rent(values + BlockKernel.Lanes);
        try
        {
            problem.Weights.Read(first, rows, weights);
            weights.AsSpan(values, BlockKernel.Lanes).Clear();
            BlockWriter writer = new(problem, result);
            for (int output = 0; output < shape.Outputs; output += BlockKernel.Lanes)
            {
                if (!writer.Write(weights.AsSpan(output), shape.Outputs, rows, importance.AsSpan(importance.Length == 0 ? 0 : first),
                    output, block))
                {
                    return false;
                }
            }

            error = writer.Error;
            return true;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(weights);
        }
    }

    /// <summary>All blocks of eight outputs, where a stored row is an output.</summary>
    private static bool RoundOutputs(BlockProblem problem, int part, float[] importance, QuantizedBlocks result, out RoundingError error)
    {
        error = default;
        BlockShape shape = problem.Shape;
        int output = part * BlockKernel.Lanes, outputs = Math.Min(BlockKernel.Lanes, shape.Outputs - output);
        float[] stored = ArrayPool<float>.Shared.Rent(outputs * shape.Inputs),
            weights = ArrayPool<float>.Shared.Rent(BlockKernel.Lanes * shape.Inputs);
        try
        {
            problem.Weights.Read(output, outputs, stored);
            for (int lane = 0; lane < BlockKernel.Lanes; lane++)
            {
                for (int input = 0; input < shape.Inputs; input++)
                {
                    weights[input * BlockKernel.Lanes + lane] = lane < outputs ? stored[lane * shape.Inputs + input] : 0;
                }
            }

            BlockWriter writer = new(problem, result);
            for (int block = 0; block < shape.Blocks; block++)
            {
                int first = block * shape.Size;
                Span<float> inputs = weights.AsSpan(first * BlockKernel.Lanes);
                if (!writer.Write(inputs, BlockKernel.Lanes, Math.Min(shape.Size, shape.Inputs - first),
                    importance.AsSpan(importance.Length == 0 ? 0 : first), output, block))
                {
                    return false;
                }
            }

            error = writer.Error;
            return true;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(stored);
            ArrayPool<float>.Shared.Return(weights);
        }
    }
}
