using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// The search of AWQ (Lin et al. 2023, https://arxiv.org/abs/2306.00978): inputs are scaled by a power of their size before weights are
/// rounded; the power with the least error of the outputs is taken.
/// </summary>
internal static class AwqSearch
{
    /// <summary>The powers that are tried are this far apart, from 0 to 1.</summary>
    private const int Powers = 20;

    /// <summary>The scale of each input, by which weights are multiplied; null where scaling does not help.</summary>
    /// <param name="gram">What samples say of the inputs.</param>
    /// <param name="matrices">The matrices that multiply them.</param>
    /// <param name="channels">Inputs with the same number have the same scale; null where each has its own.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public static float[]? Find(GramMatrix gram, IReadOnlyList<BlockProblem> matrices, int[]? channels, CancellationToken cancellationToken)
    {
        float[] squares = gram.MeanSquares(), shared = channels is null ? squares : Share(squares, channels);
        GramEnergy energy = new(gram);
        OutputSample[] parts = [.. matrices.Select(matrix => OutputSample.Take(matrix, RoundingError.MostOutputs))];
        float[]? best = null;
        double least = double.PositiveInfinity;
        for (int step = 0; step <= Powers; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            float[] scales = MakeScales(shared, (float)step / Powers);
            double error = parts.Sum(part => ErrorOf(part, scales, squares, energy, cancellationToken));
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

    /// <summary>The mean of what inputs with the same number have.</summary>
    private static float[] Share(float[] squares, int[] channels)
    {
        ILookup<int, float> groups = squares.Zip(channels).ToLookup(each => each.Second, each => each.First);
        return [.. channels.Select(channel => groups[channel].Average())];
    }

    private static float[] MakeScales(float[] squares, float power)
    {
        float smallest = squares.Where(square => square > 0).DefaultIfEmpty(1).Min();
        float[] scales = [.. squares.Select(square => MathF.Pow(MathF.Max(square, smallest), power / 2))];
        float middle = MathF.Sqrt(TensorPrimitives.Max<float>(scales) * TensorPrimitives.Min<float>(scales));
        TensorPrimitives.Divide(scales, middle, scales);
        return scales;
    }

    private static double ErrorOf(
        OutputSample part, float[] scales, float[] squares, GramEnergy energy, CancellationToken cancellationToken)
    {
        if (NearestRounder.Round(part.Scale(scales), Divide(squares, scales), cancellationToken) is not { } rounded)
        {
            return double.PositiveInfinity; // rounding the weights will say which is no number
        }

        float[] errors = new float[part.Weights.Length];
        for (int input = 0; input < part.Problem.Shape.Inputs; input++)
        {
            for (int output = 0; output < part.Outputs; output++)
            {
                int index = input * part.Outputs + output;
                errors[index] = rounded.ValueAt(output, input) / scales[input] - part.Weights[index];
            }
        }

        return energy.Of(errors, part.Outputs);
    }
}
