namespace Quantization.Onnx;

/// <summary>A format of floating-point numbers in 16 bits.</summary>
public enum HalfFormat
{
    /// <summary>IEEE 754 binary16: 11 significant bits, magnitudes up to 65,504. Weights are stored and operators compute in it.</summary>
    Float16,

    /// <summary>
    /// The upper half of a 32-bit float: 8 significant bits and the same range. Only weights are stored in it; a Cast turns them back,
    /// and operators compute in 32-bit floats, because ONNX Runtime's CPU has no
    /// arithmetic in this format.
    /// </summary>
    BFloat16,
}
