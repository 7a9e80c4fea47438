namespace Quantization;

/// <summary>Which uniform mapping a range is turned into.</summary>
public enum QuantizationScheme
{
    /// <summary>Scale and zero-point: the range may lie anywhere about 0, no code is wasted. The usual choice for activations.</summary>
    Affine,

    /// <summary>Scale alone, the zero-point is 0: cheaper arithmetic; the usual choice for weights.</summary>
    Symmetric,
}
