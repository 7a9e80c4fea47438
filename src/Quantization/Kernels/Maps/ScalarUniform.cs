namespace Quantization.Kernels;

/// <summary>The affine mapping, one element at a time: the definition that every wider kernel equals bit for bit.</summary>
internal static class ScalarUniform
{
    /// <summary><c>saturate(roundHalfToEven(value / scale) + zeroPoint)</c>; NaN gives the zero-point.</summary>
    public static int Quantize(float value, float scale, int zeroPoint, int minCode, int maxCode)
    {
        float quotient = MathF.Round(value / scale, MidpointRounding.ToEven);

        // In double precision the sum is exact wherever it does not saturate.
        return float.IsNaN(quotient) ? zeroPoint : (int)Math.Clamp((double)quotient + zeroPoint, minCode, maxCode);
    }

    /// <summary><c>(code − zeroPoint) · scale</c>, the difference exact, then rounded to float once.</summary>
    public static float Dequantize(int code, float scale, int zeroPoint) => (float)((long)code - zeroPoint) * scale;
}
