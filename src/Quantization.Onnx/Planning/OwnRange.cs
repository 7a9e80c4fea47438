namespace Quantization.Onnx;

/// <summary>A calibrator chooses the range from the values themselves: of weights, tables and constants.</summary>
/// <param name="Calibrator">Chooses the range.</param>
public sealed record OwnRange(ICalibrator Calibrator) : RangeRule
{
    /// <inheritdoc />
    public override string Describe() => $"{Calibrator.Name} of its values";
}
