namespace Quantization.Onnx.Tests.Rounding;

/// <summary>GPTQ by loops over single weights, each sum in the order of the inputs.</summary>
internal static class SlowGptq
{
    /// <summary>The codes of one output.</summary>
    /// <param name="weights">Its weights.</param>
    /// <param name="steps">The order of the inputs, the factor and the Gram matrix.</param>
    /// <param name="ranges">The scales and zero points.</param>
    /// <param name="output">The output.</param>
    public static int[] Round(float[] weights, GptqSteps steps, QuantizedBlocks ranges, int output)
    {
        int[] codes = new int[weights.Length];
        float[] errors = new float[weights.Length];
        for (int place = 0; place < weights.Length; place++)
        {
            float sum = 0;
            for (int earlier = 0; earlier < place; earlier++)
            {
                sum = MathF.FusedMultiplyAdd(steps.Factor.Values[place * steps.Factor.Stride + earlier], errors[earlier], sum);
            }

            Choose(place, sum / steps.Factor.Values[place * steps.Factor.Stride + place]);
        }

        for (int pass = 0; pass < GptqSteps.Passes; pass++)
        {
            // The sums are those that the errors at the start of a group of 64 inputs make; changes within the group are added.
            for (int start = 0; start < weights.Length; start += 64)
            {
                float[] sums = new float[Math.Min(64, weights.Length - start)];
                for (int i = 0; i < sums.Length; i++)
                {
                    for (int other = 0; other < weights.Length; other++)
                    {
                        sums[i] = MathF.FusedMultiplyAdd(steps.GramAt(start + i, other), errors[other], sums[i]);
                    }
                }

                for (int i = 0; i < sums.Length; i++)
                {
                    float before = errors[start + i];
                    Choose(start + i, sums[i] / steps.GramAt(start + i, start + i) - before);
                    for (int later = i + 1; later < sums.Length; later++)
                    {
                        sums[later] = MathF.FusedMultiplyAdd(errors[start + i] - before, steps.GramAt(start + later, start + i), sums[later]);
                    }
                }
            }
        }

        return codes;

        void Choose(int place, float offset)
        {
            int input = steps.Order[place], block = output * ranges.Shape.Blocks + input / ranges.Shape.Size, zeroPoint = ranges.ZeroPointOf(block);
            float code = Math.Clamp(MathF.Round((weights[input] + offset) / ranges.Scales[block]) + zeroPoint, 0, steps.LargestCode);
            errors[place] = weights[input] - (code - zeroPoint) * ranges.Scales[block];
            codes[input] = (int)code;
        }
    }
}
