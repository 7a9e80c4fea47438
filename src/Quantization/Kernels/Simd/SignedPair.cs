namespace Quantization.Kernels.Simd;

/// <summary>Two 4-bit codes with sign, the first in the low half: the unit that packed codes are addressed by.</summary>
internal readonly struct SignedPair
{
    public readonly byte Codes;
}
