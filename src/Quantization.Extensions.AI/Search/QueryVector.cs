namespace Quantization.Extensions.AI.Search;

/// <summary>A vector, ready to be compared with many rows.</summary>
/// <param name="Codes">16-bit codes; empty for bits.</param>
/// <param name="Scale">What a code counts.</param>
/// <param name="Norm">The vector's length.</param>
/// <param name="Floats">The vector itself; empty for bits.</param>
/// <param name="Bits">The bits of a binary vector; empty for others.</param>
internal sealed record QueryVector(short[] Codes, float Scale, double Norm, float[] Floats, byte[] Bits);
