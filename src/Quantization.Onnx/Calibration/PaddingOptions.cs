namespace Quantization.Onnx;

/// <summary>
/// What calibration does with padding, the positions that an input such as <c>attention_mask</c> masks with 0. By default padding does
/// not count: values at masked positions are left out of the statistics. Immutable.
/// </summary>
public sealed record PaddingOptions
{
    /// <summary>Whether padding counts like all other positions. False by default.</summary>
    public bool IsCounted { get; init; }

    /// <summary>
    /// The input that masks positions: integers of 0 and 1, <c>[batch, sequence]</c>. Null, the default, for an input whose name contains
    /// <c>mask</c> and whose shape is that of another input of integers.
    /// </summary>
    public string? Mask { get; init; }

    /// <summary>
    /// The axes that follow the mask, by the name of the activation, for activations whose shapes do not show them. The default is none.
    /// <see cref="ObservedPadding.Axes"/> tells which axes were found.
    /// </summary>
    public IReadOnlyDictionary<string, MaskedAxes> Axes
    {
        get;
        init => field = ValueDictionary<string, MaskedAxes>.Of(value, nameof(Axes));
    } = ValueDictionary<string, MaskedAxes>.Empty;

    /// <summary>What decides what a calibration sees, behind a comma; empty for the defaults.</summary>
    internal string Describe() =>
        IsCounted ? ", padding counts"
        : (Mask is null ? "" : $", mask = {Mask}")
            + string.Concat(Axes.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => $", {each.Key} masked by {each.Value}"));
}
