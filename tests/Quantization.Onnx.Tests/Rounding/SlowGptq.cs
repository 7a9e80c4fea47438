namespace Quantization.Onnx.Tests.Rounding;

/// <summary>GPTQ by loops over single weights, each sum in the order of the inputs.</summary>
internal static class SlowGptq
{
    /// <summary>The codes of one output.</summary>
    /// <param name="weights">Its weights.</param>
    /// <param name="steps">The order of the inputs and the factor of the Gram matrix.</param>
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

        return codes;

        void Choose(int place, float offset)
        {
            int input = steps.Order[place], block = output * ranges.Shape.Blocks + input / ranges.Shape.Size,
                zeroPoint = ranges.ZeroPointOf(block);
            float code = Math.Clamp(MathF.Round((weights[input] + offset) / ranges.Scales[block]) + zeroPoint, 0, steps.LargestCode);
            errors[place] = weights[input] - (code - zeroPoint) * ranges.Scales[block];
            codes[input] = (int)code;
        }
    }
}
