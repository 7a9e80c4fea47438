namespace Quantization.Reporting;

/// <summary>What a report says of the quantized model in one word.</summary>
public enum ReportVerdict
{
    /// <summary>Nothing was measured.</summary>
    NotMeasured,

    /// <summary>Nothing could be quantized.</summary>
    NothingQuantized,

    /// <summary>Labels or preprocessing do not fit the float model, so figures say little.</summary>
    Doubtful,

    /// <summary>There are too few samples to tell.</summary>
    Unclear,

    /// <summary>The quantized model differs from the float model, or missed its target.</summary>
    Lossy,

    /// <summary>Nothing that would be noticed is lost, or the target was met.</summary>
    Good,
}
