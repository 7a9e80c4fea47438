namespace Quantization.Kernels;

/// <summary>Where the columns of a <see cref="ParameterTable"/> lie. Whole vectors may be read at every index.</summary>
/// <param name="columns">Memory of <see cref="Count"/> columns.</param>
/// <param name="length">The length of a column.</param>
internal readonly unsafe struct ParameterPointers(float* columns, nint length)
{
    /// <summary>How many columns there are.</summary>
    public const int Count = 8;

    public readonly float* Scales = columns;
    public readonly float* Divisors = columns + length;
    public readonly float* Reciprocals = columns + 2 * length;
    public readonly float* ReciprocalErrors = columns + 3 * length;
    public readonly float* Lows = columns + 4 * length;
    public readonly float* Highs = columns + 5 * length;
    public readonly int* ZeroPoints = (int*)(columns + 6 * length);
    public readonly byte* ZeroPointBytes = (byte*)(columns + 7 * length);

    /// <summary>Writes the mapping with number <paramref name="index"/>.</summary>
    public void Set(nint index, in MappingParameters mapping)
    {
        Scales[index] = mapping.Scale;
        Divisors[index] = mapping.Divisor;
        Reciprocals[index] = mapping.Reciprocal;
        ReciprocalErrors[index] = mapping.ReciprocalError;
        Lows[index] = mapping.Low;
        Highs[index] = mapping.High;
        ZeroPoints[index] = mapping.ZeroPoint;
        ZeroPointBytes[index] = (byte)mapping.ZeroPoint;
    }
}
