using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>The error that rounding weights in blocks adds to each layer: the longest bar loses most.</summary>
internal static class BlockPicture
{
    /// <summary>More bars than these cannot be distinguished.</summary>
    public const int MostBars = 60;

    public static string Draw(IReadOnlyList<RoundedLayer> layers, int number)
    {
        double least = layers.Count <= MostBars ? 0 : layers.OrderByDescending(layer => layer.Error).ElementAt(MostBars - 1).Error;
        RoundedLayer[] shown = [.. layers.Where(layer => layer.Error >= least).Take(MostBars)];
        return BarPicture.Draw(
            [.. shown.Select(layer => (layer.Node, layer.Error))],
            "energy of the error, % of the signal",
            "Error that rounding adds to each layer",
            number);
    }
}
