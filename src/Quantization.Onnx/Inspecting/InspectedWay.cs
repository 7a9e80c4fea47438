namespace Quantization.Onnx;

/// <summary>What one way of quantizing would do to a model. Immutable.</summary>
/// <param name="Way">The way.</param>
/// <param name="Nodes">How many nodes would be quantized, as <see cref="PtqResult.QuantizedNodes"/> counts them.</param>
/// <param name="Float">Nodes with weights that would stay in float, by their reasons, the most frequent first.</param>
/// <param name="Bytes">The expected size of the file; null where <paramref name="Obstacle"/> says why there is none.</param>
/// <param name="Obstacle">Why this way cannot be judged; null where it can.</param>
public sealed record InspectedWay(QuantizationWay Way, int Nodes, IReadOnlyList<FloatGroup> Float, long? Bytes, string? Obstacle)
{
    /// <summary>Nodes with weights that would stay in float, by their reasons, the most frequent first.</summary>
    public IReadOnlyList<FloatGroup> Float
    {
        get;
        init => field = ValueList<FloatGroup>.Of(value, nameof(Float));
    } = ValueList<FloatGroup>.Of(Float, nameof(Float));

    /// <summary>
    /// Known functions that would stay in float, such as GELU, by their reasons, the most frequent first. Each counts as one node.
    /// </summary>
    public IReadOnlyList<FloatGroup> Patterns
    {
        get;
        init => field = ValueList<FloatGroup>.Of(value, nameof(Patterns));
    } = ValueList<FloatGroup>.Empty;
}
