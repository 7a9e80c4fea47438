namespace Quantization.Onnx;

/// <summary>Which padding a calibration left out. Immutable.</summary>
/// <param name="Mask">The input that masks positions.</param>
/// <param name="MaskedPositions">How many positions of all samples are masked.</param>
/// <param name="Positions">How many positions all samples have.</param>
public sealed record ObservedPadding(string Mask, long MaskedPositions, long Positions)
{
    /// <summary>The axes that follow the mask, by the name of the activation. Values at masked positions of these were left out.</summary>
    public IReadOnlyDictionary<string, MaskedAxes> Axes
    {
        get;
        init => field = ValueDictionary<string, MaskedAxes>.Of(value, nameof(Axes));
    } = ValueDictionary<string, MaskedAxes>.Empty;

    /// <summary>
    /// The activations whose shapes do not show which axes follow the mask; all their values count. <see cref="PaddingOptions.Axes"/>
    /// tells them.
    /// </summary>
    public IReadOnlyList<string> Undecided
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(Undecided));
    } = ValueList<string>.Empty;

    /// <summary>Other inputs that mask positions in calibrations that were merged into this one.</summary>
    public IReadOnlyList<string> OtherMasks
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(OtherMasks));
    } = ValueList<string>.Empty;

    /// <summary>Whether one of the merged calibrations counted padding: its samples had no mask, or it was told to count padding.</summary>
    public bool IsPartial { get; init; }

    /// <summary>The padding of two calibrations together.</summary>
    internal static ObservedPadding? Merge(ObservedPadding? left, ObservedPadding? right) =>
        left is null ? right is null ? null : right with { IsPartial = true }
            : right is null ? left with { IsPartial = true } : left with
        {
            OtherMasks = [.. left.OtherMasks.Append(right.Mask).Union(right.OtherMasks).Where(mask => mask != left.Mask).Distinct()],
            IsPartial = left.IsPartial || right.IsPartial,
            MaskedPositions = left.MaskedPositions + right.MaskedPositions,
            Positions = left.Positions + right.Positions,
            Axes = left.Axes.Concat(right.Axes.Where(each => !left.Axes.ContainsKey(each.Key))).ToDictionary(),
            Undecided = [.. left.Undecided.Union(right.Undecided)],
        };
}
