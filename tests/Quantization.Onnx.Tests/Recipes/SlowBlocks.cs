namespace Quantization.Onnx.Tests.Recipes;

/// <summary>Weights in blocks by loops over single weights, in the order in which the definition names them.</summary>
internal static class SlowBlocks
{
    /// <summary>The scale, the zero point and the codes of one block.</summary>
    /// <param name="weights">The weights of the block.</param>
    /// <param name="importance">The weight of each squared error; null for equal ones.</param>
    /// <param name="bits">The bits of a code.</param>
    /// <param name="isAffine">Whether the block has a zero point of its own.</param>
    /// <param name="isSearched">Whether the range minimizes the squared error.</param>
    /// <param name="toStored">Rounds a scale to the type that it is stored in.</param>
    /// <param name="gram">The products of the block's inputs, where the range minimizes the error of the outputs.</param>
    public static (float Scale, int ZeroPoint, int[] Codes) Quantize(
        float[] weights, float[]? importance, int bits, bool isAffine, bool isSearched, Func<float, float>? toStored = null,
        float[,]? gram = null)
    {
        float largest = (1 << bits) - 1, middle = 1 << (bits - 1);
        float least = MathF.Min(0, weights.Min()), most = MathF.Max(0, weights.Max());
        (float Scale, float ZeroPoint) best = RangeOf(1);
        float bestError = float.PositiveInfinity;
        for (int step = 0; isSearched && step < 24; step++)
        {
            (float scale, float zeroPoint) = RangeOf(1 - step * 0.02f);
            float error = 0, inverse = 1 / scale;
            float[] differences = new float[weights.Length];
            for (int i = 0; i < weights.Length; i++)
            {
                float code = MathF.Min(MathF.Max(MathF.Round(weights[i] * inverse), -zeroPoint), largest - zeroPoint);
                float difference = differences[i] = code * scale - weights[i];
                float others = 0;
                for (int j = 0; gram is not null && j < i; j++)
                {
                    others += differences[j] * gram[i, j];
                }

                error += gram is not null ? difference * (others + others + difference * gram[i, i])
                    : importance is null ? difference * difference : difference * difference * importance[i];
            }

            if (error < bestError)
            {
                (bestError, best) = (error, (scale, zeroPoint));
            }
        }

        int[] codes = [.. weights.Select(weight => (int)Math.Clamp(MathF.Round(weight / best.Scale) + best.ZeroPoint, 0, largest))];
        return (best.Scale, (int)best.ZeroPoint, codes);

        (float Scale, float ZeroPoint) RangeOf(float share)
        {
            float scale = isAffine ? (most - least) * share / largest : (most > -least ? most : least) * share / -middle;
            scale = toStored?.Invoke(scale) ?? scale;
            scale = scale == 0 ? 1 : scale;
            return (scale, isAffine ? Math.Clamp(MathF.Round(-least * share / scale), 0, largest) : middle);
        }
    }
}
