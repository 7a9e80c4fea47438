namespace Quantization.Onnx;

/// <summary>How far the outputs of one run are from the float model's.</summary>
internal static class SampleLoss
{
    /// <summary>A loss that no user sees: 1 / 5,000 of the signal's energy, 37 dB.</summary>
    public const double Negligible = 0.0002;

    /// <summary>The loss of an output: <c>min(1, noise / signal)</c>, 0 where nothing differs.</summary>
    public static double Of(SignalEnergies energies) =>
        energies.Noise == 0 ? 0 : !(energies.Noise < energies.Signal) ? 1 : energies.Noise / energies.Signal;

    /// <summary>The level of a loss: its logarithm to base 2, so that no single sample decides; negligible losses count as equal.</summary>
    public static double LevelOf(double loss) => Math.Log2(loss + Negligible);
}
