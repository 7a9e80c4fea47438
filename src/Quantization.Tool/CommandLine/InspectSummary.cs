using Quantization.Onnx;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Tells people what a model is.</summary>
internal static class InspectSummary
{
    private const int MaxOperators = 8, MaxReasons = 3;

    public static void Write(ToolConsole console, ModelInspection inspection, bool isVerbose)
    {
        string producer = inspection.Producer.Length > 0 ? $", made by {inspection.Producer}" : "";
        string opsets = string.Join(", ", inspection.Opsets.Select(each => $"{each.Key} {each.Value}"));
        console.WriteLine($"{inspection.ModelPath}: {Describe(inspection.Kind)}, {Figures.Bytes(inspection.Bytes)}, "
            + $"{Figures.Count(inspection.Parameters, "stored value")}{producer}, operator sets {opsets}.");
        foreach (string line in Values("Input", inspection.Inputs).Concat(Values("Output", inspection.Outputs)))
        {
            console.WriteLine(line);
        }

        console.Screen.Write(CreateTable(inspection, isVerbose));
        if (!isVerbose && inspection.Operators.Count > MaxOperators)
        {
            console.WriteLine($"  and {Figures.Count(inspection.Operators.Count - MaxOperators, "other operator")}; --verbose shows all.");
        }

        if (inspection.Encodings.Count > 0)
        {
            console.WriteLine(
                $"Encodings: {string.Join(", ", inspection.Encodings.Select(each => $"{each.Key} {Figures.Count(each.Value)}"))}.");
        }

        if (inspection.IsQuantized)
        {
            WriteQuantized(console, inspection);
            return;
        }

        console.Screen.Write(CreateTable(inspection.Ways, inspection.Bytes));
        foreach (string line in inspection.Ways.SelectMany(way => Reasons(way, isVerbose)))
        {
            console.WriteLine(line);
        }
    }

    private static void WriteQuantized(ToolConsole console, ModelInspection inspection)
    {
        console.WriteLine("The model is quantized already; 'quantize dequantize' makes it float again.");
        if (inspection.Int8Operators is null)
        {
            console.WriteLine("What ONNX Runtime fuses was not checked, because the model is large.");
            return;
        }

        console.WriteLine($"ONNX Runtime runs {Figures.Count(inspection.Int8Operators.Values.Sum(), "node")} on "
            + $"integers{InBrackets(inspection.Int8Operators)}, {Figures.Count(inspection.Unfused!.Values.Sum(), "conversion")} not "
            + $"fused{InBrackets(inspection.Unfused)}.");
    }

    private static string InBrackets(IReadOnlyDictionary<string, int> counts)
    {
        IEnumerable<string> descending =
            counts.OrderByDescending(each => each.Value).Select(each => $"{each.Key} {Figures.Count(each.Value)}");
        return counts.Count == 0 ? "" : $" ({string.Join(", ", descending)})";
    }

    private static IEnumerable<string> Values(string what, IReadOnlyList<InspectedValue> values) => values.Select(value =>
        $"{what} {value.Name}: {value.Type} {(value.Shape is null ? "of unknown shape" : $"[{string.Join(", ", value.Shape)}]")}");

    private static Table CreateTable(ModelInspection inspection, bool isVerbose)
    {
        Table table = ModelReport.CreateTable("Operator", "Nodes", "Stored values", "Bytes");
        foreach (InspectedOperator each in isVerbose ? inspection.Operators : inspection.Operators.Take(MaxOperators))
        {
            table.AddRow(
                ToolConsole.Cell(each.Operator), Figures.Count(each.Nodes), Figures.Count(each.Parameters), Figures.Bytes(each.Bytes));
        }

        return table;
    }

    private static Table CreateTable(IReadOnlyList<InspectedWay> ways, long bytes)
    {
        Table table = ModelReport.CreateTable("Way", "Command", "Nodes", "Stay in float", "Expected file size");
        foreach (InspectedWay way in ways)
        {
            bool isIdle = way.Nodes == 0;
            table.AddRow(
                Describe(way.Way),
                ToolConsole.Cell(CommandOf(way.Way)),
                way.Obstacle is null ? Figures.Count(way.Nodes) : Figures.None,
                way.Obstacle is null ? Figures.Count(way.Float.Sum(group => group.Nodes)) : Figures.None,
                way.Bytes is not { } size ? Figures.None : isIdle ? "as it is" : Figures.Bytes(size, bytes));
        }

        return table;
    }

    private static IEnumerable<string> Reasons(InspectedWay way, bool isVerbose)
    {
        if (way.Obstacle is not null)
        {
            yield return $"{Describe(way.Way)} cannot be judged: {way.Obstacle}.";
        }

        foreach (FloatGroup group in isVerbose ? way.Float : way.Float.Take(MaxReasons))
        {
            yield return Write(way.Way, group, "node");
        }

        if (!isVerbose && way.Float.Count > MaxReasons)
        {
            yield return $"  and {Figures.Count(way.Float.Count - MaxReasons, "other reason")}; --verbose shows all.";
        }

        foreach (FloatGroup group in way.Patterns)
        {
            yield return Write(way.Way, group, "place");
        }
    }

    private static string Write(QuantizationWay way, FloatGroup group, string what) => group.Nodes == 1
        ? $"{Describe(way)}, stays in float: {group.First} ({group.Reason})"
        : $"{Describe(way)}, stay in float: {Figures.Count(group.Nodes, what)}, {group.First} the first ({group.Reason})";

    /// <summary>What a way is called.</summary>
    public static string Describe(QuantizationWay way) => way switch
    {
        QuantizationWay.StaticInt8 => "int8, static",
        QuantizationWay.DynamicInt8 => "int8, dynamic",
        QuantizationWay.WeightsInt8 => "weights in 8 bits",
        QuantizationWay.WeightsInt4 => "weights in 4 bits",
        _ => "float16",
    };

    private static string CommandOf(QuantizationWay way) => way switch
    {
        QuantizationWay.StaticInt8 => PtqCommand.Name,
        QuantizationWay.DynamicInt8 => DynamicCommand.Name,
        QuantizationWay.WeightsInt8 => WeightsCommand.Name,
        QuantizationWay.WeightsInt4 => $"{WeightsCommand.Name} --bits 4",
        _ => HalfCommand.Name,
    };

    private static string Describe(ModelKind kind) => kind switch
    {
        ModelKind.ImageClassifier => "looks like an image classifier",
        ModelKind.ImageDetector => "looks like an image detector",
        ModelKind.ImageToImage => "looks like an image-to-image model",
        ModelKind.TextEncoder => "looks like a text encoder",
        ModelKind.LanguageModel => "looks like a language model",
        ModelKind.LanguageModelWithCache => "looks like a language model with a cache",
        ModelKind.Audio => "looks like an audio model",
        ModelKind.Recurrent => "looks like a recurrent model",
        ModelKind.Tabular => "looks like a model of tabular data",
        _ => "a model of an unknown kind",
    };
}
