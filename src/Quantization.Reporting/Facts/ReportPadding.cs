namespace Quantization.Reporting;

/// <summary>Which padding calibration left out. Immutable.</summary>
/// <param name="Mask">The input that masks positions.</param>
/// <param name="MaskedPositions">How many positions of all samples are masked.</param>
/// <param name="Positions">How many positions all samples have.</param>
/// <param name="Axes">The axes that follow the mask, in words, by the name of the activation.</param>
/// <param name="Undecided">The activations whose shapes do not tell which axes follow; all their values count.</param>
public sealed record ReportPadding(
    string Mask, long MaskedPositions, long Positions, IReadOnlyDictionary<string, string> Axes, IReadOnlyList<string> Undecided);
