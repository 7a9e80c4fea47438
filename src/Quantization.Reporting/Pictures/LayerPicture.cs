namespace Quantization.Reporting;

/// <summary>How much of the outputs' noise each layer makes: the longest bar makes most.</summary>
internal static class LayerPicture
{
    /// <summary>More bars cannot be read; the table has all layers.</summary>
    public const int MostBars = 40;

    public static string Draw(IReadOnlyList<ReportLayer> layers, int number)
    {
        ReportLayer[] weighted =
            [.. layers.Where(layer => layer.NoiseShare is not null).OrderByDescending(layer => layer.NoiseShare).Take(MostBars)];
        return BarPicture.Draw(
            [.. weighted.Select(layer => (layer.Node, layer.NoiseShare!.Value))],
            "share of the noise at the outputs, %",
            "Share of the noise at the model's outputs that each layer adds",
            number);
    }
}
