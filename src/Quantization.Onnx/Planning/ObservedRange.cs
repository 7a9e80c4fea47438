namespace Quantization.Onnx;

/// <summary>A calibrator chooses the range from what was observed of an activation.</summary>
/// <param name="Source">The activation whose statistics count: the value itself, or the value that it was moved from.</param>
/// <param name="Calibrator">Chooses the range.</param>
/// <param name="Effective">The values that make a difference to the readers; null where all do.</param>
public sealed record ObservedRange(string Source, ICalibrator Calibrator, EffectiveRange? Effective) : RangeRule
{
    /// <inheritdoc />
    public override string Describe() => Effective is { } cut
        ? FormattableString.Invariant($"{Calibrator.Name} of '{Source}' within {cut.Least:R} .. {cut.Most:R}")
        : $"{Calibrator.Name} of '{Source}'";
}
