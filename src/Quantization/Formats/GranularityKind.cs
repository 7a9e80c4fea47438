namespace Quantization;

/// <summary>How many values share one scale and zero-point.</summary>
public enum GranularityKind
{
    /// <summary>All values of the tensor.</summary>
    PerTensor,

    /// <summary>All values of one index along an axis.</summary>
    PerChannel,

    /// <summary>Runs of a fixed length along an axis.</summary>
    PerBlock,
}
