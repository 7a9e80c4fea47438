namespace Quantization.Reporting;

/// <summary>How the samples that scored relate to those that calibrated.</summary>
public enum SampleSets
{
    /// <summary>It is not known.</summary>
    Unknown,

    /// <summary>No sample did both.</summary>
    Apart,

    /// <summary>The samples that scored calibrated too, all or some of them.</summary>
    Shared,
}
