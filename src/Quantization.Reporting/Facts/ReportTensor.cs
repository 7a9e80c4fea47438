using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>An activation: what was seen of it, and which range was chosen. Immutable.</summary>
/// <param name="Name">The value's name in the model.</param>
/// <param name="Calibrator">The calibrator that chose the range.</param>
/// <param name="RangeMin">The lower end of the range.</param>
/// <param name="RangeMax">The upper end of the range.</param>
/// <param name="ClippedShare">The share of observed values outside the range, 0 … 1.</param>
/// <param name="Note">What the calibrator had to say; null for nothing.</param>
/// <param name="Count">The values observed.</param>
/// <param name="ZeroCount">How many of them were 0.</param>
/// <param name="ObservedMin">The smallest.</param>
/// <param name="ObservedMax">The largest.</param>
/// <param name="Histogram">
/// The counts in equal steps from <paramref name="ObservedMin"/> to <paramref name="ObservedMax"/>; zeros are left out.
/// </param>
/// <param name="OtherRanges">What other calibrators would have chosen.</param>
public sealed record ReportTensor(
    string Name,
    string Calibrator,
    float RangeMin,
    float RangeMax,
    double ClippedShare,
    string? Note,
    long Count,
    long ZeroCount,
    float ObservedMin,
    float ObservedMax,
    IReadOnlyList<long> Histogram,
    IReadOnlyList<ReportRange> OtherRanges)
{
    /// <summary>The counts in equal steps from <see cref="ObservedMin"/> to <see cref="ObservedMax"/>; zeros are left out.</summary>
    public IReadOnlyList<long> Histogram
    {
        get;
        init => field = ValueList<long>.Of(value, nameof(Histogram));
    } = ValueList<long>.Of(Histogram, nameof(Histogram));

    /// <summary>What other calibrators would have chosen.</summary>
    public IReadOnlyList<ReportRange> OtherRanges
    {
        get;
        init => field = ValueList<ReportRange>.Of(value, nameof(OtherRanges));
    } = ValueList<ReportRange>.Of(OtherRanges, nameof(OtherRanges));
}
