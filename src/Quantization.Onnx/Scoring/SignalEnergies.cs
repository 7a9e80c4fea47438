namespace Quantization.Onnx;

/// <summary>Sums over two signals that tell how near they are, however long the signals.</summary>
internal readonly record struct SignalEnergies(double Signal, double Actual, double Noise, double Product)
{
    /// <summary><c>10 · log₁₀(Σ y² / Σ (y − ŷ)²)</c> in dB; +∞ where nothing differs.</summary>
    public double SignalToNoise => Noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(Signal / Noise);

    /// <summary><c>Σ y·ŷ / √(Σ y² · Σ ŷ²)</c>; 1 where nothing differs.</summary>
    public double Cosine => Noise == 0 ? 1 : Signal == 0 || Actual == 0 ? 0 : Product / Math.Sqrt(Signal * Actual);

    /// <summary>The sums with more of both signals.</summary>
    public SignalEnergies With(ReadOnlySpan<float> reference, ReadOnlySpan<float> other)
    {
        (double signal, double actual, double noise, double product) = this;
        for (int i = 0; i < reference.Length; i++)
        {
            double expected = reference[i];
            double got = other[i];
            signal += expected * expected;
            actual += got * got;
            product += expected * got;
            noise += (expected - got) * (expected - got);
        }

        return new SignalEnergies(signal, actual, noise, product);
    }
}
