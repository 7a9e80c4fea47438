namespace Quantization.Extensions.AI.Search;

/// <summary>A vector as a column stores it.</summary>
/// <param name="Codes">The int8 codes; the bits of a binary vector, eight per byte.</param>
/// <param name="Scale">What a code counts.</param>
/// <param name="Floats">The vector itself, where the column keeps it.</param>
internal sealed record PreparedVector(byte[] Codes, float Scale, float[]? Floats);
