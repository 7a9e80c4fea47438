namespace Quantization.Onnx;

/// <summary>The accuracy lost by quantizing activations, and the speed lost by leaving them in float. Immutable.</summary>
/// <param name="Activations">The activations, in the graph's order.</param>
/// <param name="LossShare">
/// The loss with codes for these activations alone, as a share of the loss with codes for all; see <see cref="Refinement"/> for the loss.
/// Noise adds up only roughly, so the shares need not sum to 1.
/// </param>
/// <param name="WorkShare">The share of the multiply-accumulates that leaves the integers where they stay in float.</param>
public sealed record ActivationCost(IReadOnlyList<string> Activations, double LossShare, double WorkShare)
{
    /// <summary>The activations, in the graph's order.</summary>
    public IReadOnlyList<string> Activations
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(Activations));
    } = ValueList<string>.Of(Activations, nameof(Activations));
}
