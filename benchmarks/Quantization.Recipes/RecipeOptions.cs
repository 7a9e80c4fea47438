using System.Globalization;

namespace Quantization.Recipes;

/// <summary>What the command line asks for.</summary>
/// <param name="Data">The folder of Fashion-MNIST.</param>
/// <param name="Output">Where models, results and the picture go, and where an interrupted run is taken up.</param>
/// <param name="Epochs">Epochs of the float training; fine-tuning takes half of them, and all where a teacher is learned from.</param>
/// <param name="SpeedOnly">Only measure what a step costs.</param>
/// <param name="StressNets">Train the small nets that plain int8 makes worse, and nothing else.</param>
internal sealed record RecipeOptions(string Data, string Output, int Epochs, bool SpeedOnly, bool StressNets)
{
    /// <summary>Whether quantized nets learn from a wider float net beside the labels.</summary>
    public bool Distills { get; init; }

    /// <summary>Whether the vision transformer is trained, and nothing else.</summary>
    public bool Transformer { get; init; }

    /// <summary>The device to compare both ways of fake quantization on; null for no comparison.</summary>
    public string? ComparedDevice { get; init; }

    public static RecipeOptions? Parse(string[] args)
    {
        RecipeOptions options = new("/usr/share/datasets/fashion-mnist", "qat-recipe", 6, false, false);
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i], value)
            {
                case ("--speed", _):
                    options = options with { SpeedOnly = true };
                    continue;
                case ("--stress-nets", _):
                    options = options with { StressNets = true };
                    continue;
                case ("--distill", _):
                    options = options with { Distills = true };
                    continue;
                case ("--transformer", _):
                    options = options with { Transformer = true };
                    continue;
                case ("--compare", not null):
                    options = options with { ComparedDevice = value };
                    break;
                case ("--data", not null):
                    options = options with { Data = value };
                    break;
                case ("--output", not null):
                    options = options with { Output = value };
                    break;
                case ("--epochs", not null)
                    when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int epochs) && epochs > 1:
                    options = options with { Epochs = epochs };
                    break;
                default:
                    return null;
            }

            i++;
        }

        return options;
    }
}
