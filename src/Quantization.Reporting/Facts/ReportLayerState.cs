using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>How partial quantization left a layer.</summary>
public enum ReportLayerState
{
    /// <summary>On integers, as all layers were to begin with.</summary>
    Int8,

    /// <summary>In int8, made more accurate by a step of its own: see <see cref="LayerStep"/>.</summary>
    Relieved,

    /// <summary>In float.</summary>
    Float,
}
