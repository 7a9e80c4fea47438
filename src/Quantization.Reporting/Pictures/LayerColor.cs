using ScottPlot;

namespace Quantization.Reporting;

/// <summary>One colour for each way a layer was left.</summary>
internal static class LayerColor
{
    public static Color Of(ReportLayerState state) => state switch
    {
        ReportLayerState.Float => Palette.Float,
        ReportLayerState.Relieved => Palette.Steps,
        _ => Palette.Main,
    };
}
