namespace Quantization.Tool;

/// <summary>What the libraries' sentences call by its name in C#, as the command line calls it.</summary>
internal static class ToolWords
{
    private static readonly (string Library, string Tool)[] Names =
    [
        ("set PtqOptions.WeightFormat to CodeFormat.Signed(7)", "add --weight-bits 7"),
        ("give a figure to reach, such as PartialTarget.Reach(30), or a metric such as ModelMetric.Top1", "say what to reach, such as --reach 30, or take a metric such as --metric agreement"),
        ("PartialOptions.MaxTrials", "--max-trials"),
        ("PtqOptions.WeightGranularity", "--per-tensor"),
        ("PtqResult.QuantizedNodes lists", "--report lists"),
        ("ImageOptions.Width and Height", "--image-size WxH"),
        ("(ImageFit.Stretch)", "(--resize stretch)"),
        ("ImageOptions.Mean", "--mean"),
        ("ImageOptions.StandardDeviation", "--std"),
        ("PtqOptions.FloatNodes", "--float-node"),
        ("HalfPrecisionOptions.FloatNodes", "--float-node"),
        ("PtqResult.ConversionReasons", "--verbose"),
        (", or calibrate with CalibrationOptions.NonFinite = NonFiniteValues.Ignore", $", or leave such values out with 'quantize {CalibrateCommand.Name} {CalibrateCommand.IgnoreNonFinite}'"),
        ("take ModelMetric.SignalToNoise", "take --metric sqnr"),
        ("PtqOptions.Runtime", "--runtime"),
        ("; ImageFolder of the package Quantization.Images makes samples of them", ""),
    ];

    public static string Translate(string sentence) =>
        Names.Aggregate(sentence, (text, name) => text.Replace(name.Library, name.Tool, StringComparison.Ordinal));
}
