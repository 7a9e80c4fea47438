namespace Quantization.Onnx;

/// <summary>Guesses what a model is by plain rules: its inputs first, then its operators, then its outputs.</summary>
internal static class ModelKindRules
{
    /// <summary>An output of this many scores or more holds a vocabulary.</summary>
    private const int MinVocabulary = 256;

    private static readonly string[] SoundNames = ["audio", "wave", "mel", "spec", "speech", "sound", "pcm"];

    private static readonly string[] ScoreNames = ["logit", "prob", "score"];

    /// <summary>The kind of a model.</summary>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="outputs">Its outputs.</param>
    /// <param name="operators">The names of its operators.</param>
    public static ModelKind Find(
        IReadOnlyList<InspectedValue> inputs, IReadOnlyList<InspectedValue> outputs, IReadOnlySet<string> operators)
    {
        if (inputs.Any(input => input.Type is "int64" or "int32" && input.Name.Contains("id", StringComparison.OrdinalIgnoreCase)))
        {
            bool hasCache = inputs.Any(input => input.Name.Contains("past", StringComparison.OrdinalIgnoreCase)
                || input.Name.Contains("cache", StringComparison.OrdinalIgnoreCase));
            return hasCache ? ModelKind.LanguageModelWithCache : IsOfTokens(outputs) ? ModelKind.LanguageModel : ModelKind.TextEncoder;
        }

        bool convolves = operators.Overlaps(["Conv", "QLinearConv", "ConvInteger", "FusedConv"]);
        bool sounds = inputs.Any(input => SoundNames.Any(name => input.Name.Contains(name, StringComparison.OrdinalIgnoreCase)));
        if (sounds || operators.Contains("STFT") || (convolves && inputs.Any(input => IsFloat(input) && input.Shape?.Count is 2 or 3)))
        {
            return ModelKind.Audio;
        }

        if (operators.Overlaps(["LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"]))
        {
            return ModelKind.Recurrent;
        }

        if (inputs.Any(IsImage))
        {
            return operators.Contains("NonMaxSuppression") || outputs.Count > 1 || outputs.All(output => output.Shape?.Count == 3)
                || outputs.All(output => IsCoarseGrid(output, inputs.First(IsImage))) ? ModelKind.ImageDetector
                : outputs.All(output => output.Shape?.Count == 4) ? ModelKind.ImageToImage
                : outputs.All(output => output.Shape?.Count == 2) ? ModelKind.ImageClassifier
                : ModelKind.Unknown;
        }

        return operators.Overlaps(["Gemm", "MatMul", "QGemm", "MatMulNBits"])
            && inputs.Count > 0
            && inputs.All(input => IsFloat(input) && input.Shape?.Count == 2)
            ? ModelKind.Tabular
            : ModelKind.Unknown;
    }

    private static bool IsFloat(InspectedValue value) => value.Type is "float" or "float16" or "bfloat16" or "double";

    /// <summary>Four axes, of which one of those that can hold the channels has 1, 3 or 4.</summary>
    private static bool IsImage(InspectedValue value) =>
        value.Shape is [_, var first, _, var last] && (first is "1" or "3" or "4" || last is "1" or "3" or "4");

    /// <summary>Many values for each cell of a grid that is far coarser than the image: boxes or points, not another image.</summary>
    private static bool IsCoarseGrid(InspectedValue output, InspectedValue image)
    {
        const int MinCell = 8, MaxColours = 4;
        return output.Shape is [_, var channels, var height, var width] && image.Shape is [_, _, var rows, var columns]
            && int.TryParse(channels, out int values) && values > MaxColours
            && int.TryParse(height, out int cells) && int.TryParse(rows, out int pixels) && cells * MinCell <= pixels
            && int.TryParse(width, out int cellsAcross) && int.TryParse(columns, out int pixelsAcross)
            && cellsAcross * MinCell <= pixelsAcross;
    }

    /// <summary>Scores for each position: three axes, and the last one long or the output called so.</summary>
    private static bool IsOfTokens(IReadOnlyList<InspectedValue> outputs) => outputs.Any(output => output.Shape is [_, _, var last]
        && ScoreNames.Any(name => output.Name.Contains(name, StringComparison.OrdinalIgnoreCase))
        && (!int.TryParse(last, out int length) || length >= MinVocabulary));
}
