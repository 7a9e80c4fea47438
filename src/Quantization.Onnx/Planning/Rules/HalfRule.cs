namespace Quantization.Onnx;

/// <summary>What an operator says of floats of 16 bits.</summary>
/// <param name="Inputs">The inputs that may have 16 bits, all of them if one has; null for every input.</param>
/// <param name="Results">The results that have 16 bits then; null for every result.</param>
internal sealed record HalfRule(int[]? Inputs, int[]? Results)
{
    /// <summary>
    /// The inputs that hold weights where they are constant: worth to be stored in 16 bits though the node computes in 32.
    /// </summary>
    public int[] Weights { get; init; } = [];

    /// <summary>The input that the operator divides by.</summary>
    public int? Divisor { get; init; }

    /// <summary>Whether large or small values of an input come out of the operator as large or small.</summary>
    public bool CarriesRange { get; init; }

    /// <summary>Whether the operator makes values far outside of its inputs' range, so that only samples tell whether these fit.</summary>
    public bool WidensRange { get; init; }

    /// <summary>Which nodes of the operator the rule holds for; null for all.</summary>
    public Predicate<Protos.NodeProto>? Condition { get; init; }
}
