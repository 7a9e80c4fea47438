namespace Quantization.Kernels;

/// <summary>Tells which mapping of a table the vectors of a step take.</summary>
internal interface IRowIndex
{
    /// <summary>Whether the answer holds for steps that begin at multiples of their length only.</summary>
    static abstract bool KeepsSteps { get; }

    /// <summary>How many elements from the beginning of a step on take one mapping, at least; a power of two.</summary>
    static abstract int SharedElements { get; }

    /// <summary>
    /// The number of the mapping of the vector that begins at element <c>index + offset</c>, <paramref name="offset"/> of them into a step.
    /// </summary>
    nint Of(nint index, int offset);
}
