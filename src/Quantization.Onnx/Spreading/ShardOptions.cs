namespace Quantization.Onnx;

/// <summary>The options of a calibration that decide what it sees.</summary>
/// <param name="BinsPerSign">See <see cref="CalibrationOptions.BinsPerSign"/>.</param>
/// <param name="NonFinite">See <see cref="CalibrationOptions.NonFinite"/>.</param>
/// <param name="Runtime">See <see cref="CalibrationOptions.Runtime"/>.</param>
/// <param name="CountsPadding">See <see cref="PaddingOptions.IsCounted"/>.</param>
/// <param name="Mask">See <see cref="PaddingOptions.Mask"/>.</param>
/// <param name="Axes">See <see cref="PaddingOptions.Axes"/>, in the order of names.</param>
internal sealed record ShardOptions(
    int BinsPerSign, NonFiniteValues NonFinite, TargetRuntime Runtime, bool CountsPadding, string? Mask, IReadOnlyList<ShardAxes> Axes)
{
    /// <summary>What travels of options.</summary>
    public static ShardOptions Of(CalibrationOptions options) => new(
        options.BinsPerSign,
        options.NonFinite,
        options.Runtime,
        options.Padding.IsCounted,
        options.Padding.Mask,
        [
            .. options.Padding.Axes.OrderBy(each => each.Key, StringComparer.Ordinal)
                .Select(each => new ShardAxes(each.Key, each.Value.Batch, each.Value.Sequence)),
        ]);

    /// <summary>The options again.</summary>
    /// <param name="threads">How many samples run side by side.</param>
    public CalibrationOptions ToOptions(int threads) => new()
    {
        BinsPerSign = BinsPerSign,
        NonFinite = NonFinite,
        Runtime = Runtime,
        MaxDegreeOfParallelism = threads,
        RunsOnOneThread = true,
        Padding = new PaddingOptions
        {
            IsCounted = CountsPadding,
            Mask = Mask,
            Axes = Axes.ToDictionary(each => each.Activation, each => new MaskedAxes(each.Batch, each.Sequence)),
        },
    };
}
