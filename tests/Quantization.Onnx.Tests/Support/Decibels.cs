namespace Quantization.Onnx.Tests;

/// <summary>How close two signals are.</summary>
internal static class Decibels
{
    /// <summary>The signal-to-quantization-noise ratio, 10·log₁₀(Σ x² / Σ (x − y)²).</summary>
    public static double Sqnr(float[] signal, float[] other)
    {
        double power = signal.Sum(x => (double)x * x);
        double noise = signal.Zip(other, (x, y) => ((double)x - y) * ((double)x - y)).Sum();
        return 10 * Math.Log10(power / noise);
    }
}
