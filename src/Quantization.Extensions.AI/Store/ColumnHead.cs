namespace Quantization.Extensions.AI.Store;

/// <summary>What a file says of a column.</summary>
/// <param name="Property">The property's name in storage.</param>
/// <param name="Layout">What the arrays hold.</param>
/// <param name="Learned">What the column learned from its rows.</param>
internal sealed record ColumnHead(string Property, string Layout, float[] Learned);
