using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>
/// What a recipe wants to know of a model's values before it plans. One run over the samples serves all requests. Immutable.
/// </summary>
/// <param name="Distributions">The values whose <see cref="TensorStatistics"/> are wanted, by name.</param>
internal sealed record ObservationRequest(ImmutableHashSet<string> Distributions)
{
    /// <summary>All that this request or another one wants.</summary>
    public ObservationRequest Union(ObservationRequest other) => new(Distributions.Union(other.Distributions));
}
