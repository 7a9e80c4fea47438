namespace Quantization.Kernels;

/// <summary>Where the columns of a <see cref="ParameterTable"/> lie while it is pinned. Whole vectors may be read at every index.</summary>
internal readonly unsafe struct ParameterPointers(float* scales, float* divisors, float* reciprocals, float* reciprocalErrors, float* lows, float* highs, int* zeroPoints)
{
    public readonly float* Scales = scales;
    public readonly float* Divisors = divisors;
    public readonly float* Reciprocals = reciprocals;
    public readonly float* ReciprocalErrors = reciprocalErrors;
    public readonly float* Lows = lows;
    public readonly float* Highs = highs;
    public readonly int* ZeroPoints = zeroPoints;

    /// <summary>The table seen from group <paramref name="index"/> on.</summary>
    public ParameterPointers From(nint index) =>
        new(Scales + index, Divisors + index, Reciprocals + index, ReciprocalErrors + index, Lows + index, Highs + index, ZeroPoints + index);
}
