namespace Quantization.Onnx;

/// <summary>A model between all layers quantized and none. Immutable.</summary>
/// <param name="FloatLayers">The layers left in float, in the order in which they run.</param>
/// <param name="Options">
/// The options that leave the same layers in float and give them the same steps. What the improvement of the plan found is in
/// <see cref="Plan"/> alone.
/// </param>
/// <param name="Score">What it scores on all scoring samples.</param>
/// <param name="Int8Share">
/// The share of the multiply-accumulates that run on integers, 0 … 1, of those of all layers that can be quantized, without those in
/// branches and loops. Layers beside activations in float do not.
/// </param>
/// <param name="ModelBytes">The size of its file.</param>
public sealed record PartialPoint(
    IReadOnlyList<string> FloatLayers, PtqOptions Options, TrialScore Score, double Int8Share, long ModelBytes)
{
    /// <summary>The layers left in float, in the order in which they run.</summary>
    public IReadOnlyList<string> FloatLayers
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(FloatLayers));
    } = ValueList<string>.Of(FloatLayers, nameof(FloatLayers));

    /// <summary>
    /// What gives the model: <see cref="PostTrainingQuantizer"/> writes it of this plan. Of the float model, the plan that quantizes
    /// nothing with weights.
    /// </summary>
    public required QuantizationPlan Plan { get; init; }

    /// <summary>
    /// The layers that compute in float with int8 weights, in the order in which they run. Those beside activations in float are not among
    /// them.
    /// </summary>
    public IReadOnlyList<string> WeightOnlyLayers
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(WeightOnlyLayers));
    } = ValueList<string>.Empty;

    /// <summary>
    /// The activations that stay in float beside those of the plan to begin with; the layers that read or make them compute in float with
    /// int8 weights.
    /// </summary>
    public IReadOnlyList<string> FloatActivations
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(FloatActivations));
    } = ValueList<string>.Empty;

    /// <summary>
    /// The branches of If and bodies of Loop and Scan that are left in float for the target, by path such as <c>if_0/then_branch</c>.
    /// </summary>
    public IReadOnlyList<string> FloatBodies
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(FloatBodies));
    } = ValueList<string>.Empty;

    /// <summary>The median time of a run in multiples of the int8 model's; null where latency was not measured.</summary>
    public double? LatencyRatio { get; init; }
}
