using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The measures of sensitivity that <c>--measure</c> knows.</summary>
internal static class SensitivityMeasures
{
    private const string Default = "only-this";
    private const string AllButThis = "all-but-this";
    private const string Weights = "weights";
    private const string Activations = "activations";
    private const string Statistics = "statistics";

    private static string[] Names { get; } = [Default, AllButThis, Weights, Activations, Statistics];

    /// <summary>The option that chooses them.</summary>
    public static Option<string[]> CreateOption()
    {
        Option<string[]> measures = new("--measure")
        {
            HelpName = string.Join('|', Names),
            Description =
                "How the layers are ranked: each quantized alone, all but it quantized, just its weights or activations quantized, or from statistics, which runs no model. Give the option again for measures to compare with the first.",
            DefaultValueFactory = _ => [Default],
        };
        measures.AcceptOneOf(Names);
        return measures;
    }

    public static SensitivityMeasure Find(string name) => name switch
    {
        AllButThis => SensitivityMeasure.AllButThisLayer,
        Weights => SensitivityMeasure.OnlyWeights,
        Activations => SensitivityMeasure.OnlyActivations,
        Statistics => SensitivityMeasure.EstimatedNoise,
        _ => SensitivityMeasure.OnlyThisLayer,
    };
}
