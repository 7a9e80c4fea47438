namespace Quantization.Kernels;

/// <summary>The fields of <see cref="MappingParameters"/> that are floats, in their order in memory.</summary>
internal enum MappingField
{
    Scale,

    Divisor,

    Reciprocal,

    ReciprocalError,

    /// <summary>The value that the smallest code saturates at.</summary>
    Low,

    /// <summary>The value that the largest code saturates at.</summary>
    High,
}
