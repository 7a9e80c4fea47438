using System.Numerics.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The search of AWQ (Lin et al. 2023, https://arxiv.org/abs/2306.00978): inputs are scaled by a power of their size before weights are
/// rounded; the power with the least error of the outputs is taken.
/// </summary>
internal static unsafe class AwqSearch
{
    /// <summary>The powers that are tried are this far apart, from 0 to 1.</summary>
    private const int Powers = 20;

    /// <summary>The outputs of each matrix that are looked at; those of large matrices are much alike.</summary>
    private const int MostOutputs = 256;

    /// <summary>The scale of each input, by which weights are multiplied; null where scaling does not help.</summary>
    /// <param name="gram">What samples say of the inputs.</param>
    /// <param name="matrices">The matrices that multiply them.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public static float[]? Find(GramMatrix gram, IReadOnlyList<BlockProblem> matrices, CancellationToken cancellationToken)
    {
        float[] squares = gram.MeanSquares();
        float[] panels = new float[(long)Panels.RoundUp(gram.Inputs) * gram.Inputs];
        Panels.Pack(gram.Sums, gram.Inputs, gram.Inputs, gram.Inputs, TileKernel.Rows, panels);
        (BlockProblem Problem, float[] Weights, int Outputs)[] parts = [.. matrices.Select(TakePart)];
        float[]? best = null;
        double least = double.PositiveInfinity;
        for (int step = 0; step <= Powers; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            float[] scales = MakeScales(squares, (float)step / Powers);
            double error = parts.Sum(part => ErrorOf(part.Problem, part.Weights, part.Outputs, scales, squares, panels, cancellationToken));
            if (error < least)
            {
                (least, best) = (error, step == 0 ? null : scales);
            }
        }

        return best;
    }

    /// <summary>The mean square of each input after its weights were multiplied by scales, and it was divided by them.</summary>
    public static float[] Divide(float[] squares, float[] scales)
    {
        float[] divided = new float[squares.Length];
        for (int i = 0; i < divided.Length; i++)
        {
            divided[i] = squares[i] / (scales[i] * scales[i]);
        }

        return divided;
    }

    private static float[] MakeScales(float[] squares, float power)
    {
        float smallest = squares.Where(square => square > 0).DefaultIfEmpty(1).Min();
        float[] scales = [.. squares.Select(square => MathF.Pow(MathF.Max(square, smallest), power / 2))];
        float middle = MathF.Sqrt(TensorPrimitives.Max<float>(scales) * TensorPrimitives.Min<float>(scales));
        TensorPrimitives.Divide(scales, middle, scales);
        return scales;
    }

    /// <summary>Some outputs of a matrix, a row for each input, as many as fill tiles.</summary>
    private static (BlockProblem Problem, float[] Weights, int Outputs) TakePart(BlockProblem problem)
    {
        float[] all = problem.Weights.ReadByInput();
        int outputs = problem.Shape.Outputs, taken = Math.Min(MostOutputs, outputs), padded = Panels.RoundUp(taken);
        float[] part = new float[(long)problem.Shape.Inputs * padded];
        for (int input = 0; input < problem.Shape.Inputs; input++)
        {
            for (int i = 0; i < taken; i++)
            {
                part[input * padded + i] = all[(long)input * outputs + (long)i * outputs / taken];
            }
        }

        return (problem with { Shape = problem.Shape with { Outputs = padded } }, part, padded);
    }

    private static double ErrorOf(
        BlockProblem problem, float[] weights, int outputs, float[] scales, float[] squares, float[] panels,
        CancellationToken cancellationToken)
    {
        int inputs = problem.Shape.Inputs;
        MatrixReader reader = new(
            TensorData.Make<float>(TensorProto.Types.DataType.Float, weights, inputs, outputs),
            isTransposed: false) { Factors = new WeightFactors(scales, null, null) };
        if (NearestRounder.Round(problem with { Weights = reader }, Divide(squares, scales), cancellationToken) is not { } rounded)
        {
            return double.PositiveInfinity; // rounding the weights will say which is no number
        }

        float[] codes = rounded.Dequantize(), errors = new float[weights.Length],
            products = new float[(long)Panels.RoundUp(inputs) * outputs];
        for (int input = 0; input < inputs; input++)
        {
            for (int output = 0; output < outputs; output++)
            {
                errors[input * outputs + output] = codes[output * inputs + input] / scales[input] - weights[input * outputs + output];
            }
        }

        Parallel.For(0, outputs / TileKernel.Columns, strip =>
        {
            fixed (float* a = panels, b = errors, c = products)
            {
                for (int row = 0; row < inputs; row += TileKernel.Rows)
                {
                    TileKernel.Add(a + (long)row * inputs, b + strip * TileKernel.Columns, outputs, inputs, c + (long)row * outputs
                        + strip * TileKernel.Columns, outputs);
                }
            }
        });
        double sum = 0;
        for (int i = 0; i < errors.Length; i++)
        {
            sum += (double)errors[i] * products[i];
        }

        return sum;
    }
}
