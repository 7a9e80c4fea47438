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
                "How to rank the layers: by quantizing only the layer, all but the layer, only its weights or only its activations, or by "
                    + "an estimate from statistics, which runs no model. Repeat the option to compare other measures with the first.",
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
