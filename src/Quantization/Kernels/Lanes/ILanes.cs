namespace Quantization.Kernels;

/// <summary>
/// Where a map finds the parameters of a vector of elements: in registers, or in tables by the number of its first element. That is the sum
/// of <c>index</c>, the number of the first element of a step, and <c>offset</c>, the vector's place in the step.
/// </summary>
internal interface ILanes<TFloats, TInts>
{
    /// <summary>
    /// Whether a vector or a whole step takes the parameters of its first element, so that steps begin at multiples of their length.
    /// </summary>
    static abstract bool KeepSteps { get; }

    /// <summary>A field for each lane. <paramref name="field"/> is a constant where this is inlined.</summary>
    TFloats Get(MappingField field, nint index, int offset);

    TInts ZeroPoint(nint index, int offset);

    /// <summary>The low bytes of the zero-points of a whole step, four in each lane.</summary>
    TInts ZeroPointBytes(nint index);
}
