namespace Quantization.Codebooks;

/// <summary>
/// A generator of random numbers that gives the same sequence on every machine and version (Steele, Lea and Flood, Fast Splittable
/// Pseudorandom Number Generators, 2014).
/// </summary>
internal struct SplitMix64(ulong state)
{
    private ulong _state = state;

    /// <summary>A number in [0, 1) of 53 bits.</summary>
    public double NextDouble()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
