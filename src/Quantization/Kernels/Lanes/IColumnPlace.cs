namespace Quantization.Kernels;

/// <summary>Tells where in the columns of a table the mappings of a step begin.</summary>
internal interface IColumnPlace
{
    /// <summary>Whether the answer holds for steps that begin at multiples of their length only.</summary>
    static abstract bool KeepsSteps { get; }

    /// <summary>The place of element <paramref name="index"/>, the first of a step.</summary>
    nint Of(nint index);
}
