using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>What is to stay in float. Immutable.</summary>
/// <param name="Nodes">Nodes, by label: they stay in float with their weights.</param>
/// <param name="Activations">
/// Activations, by the value whose statistics they take: no node reads codes of them or makes them. The weights of nodes beside them still
/// become codes.
/// </param>
/// <param name="WeightOnly">Nodes, by label: they compute in float, but their weights become codes.</param>
internal sealed record FloatParts(IReadOnlySet<string> Nodes, IReadOnlySet<string> Activations, IReadOnlySet<string> WeightOnly)
{
    /// <summary>Nothing.</summary>
    public static FloatParts None { get; } = new(
        ImmutableHashSet<string>.Empty, ImmutableHashSet<string>.Empty, ImmutableHashSet<string>.Empty);

    /// <summary>Nodes alone.</summary>
    public static FloatParts Of(IReadOnlySet<string> nodes) => None with { Nodes = nodes };
}
