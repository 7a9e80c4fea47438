using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What <c>quantize search</c> was asked for.</summary>
internal sealed record SearchRequest : TrialsRequest
{
    public required bool Refine { get; init; }

    public required int WeightBits { get; init; }

    public required string Runtime { get; init; }

    public required CalibrationOptions Calibration { get; init; }

    public required int BatchSize { get; init; }

    /// <summary>Where work runs; null for this process.</summary>
    public IWorkPlace? Place { get; init; }
}
