using Quantization.Onnx;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>What the commands tell of a quantized model.</summary>
internal static class ModelReport
{
    /// <summary>A table whose columns but the first hold figures.</summary>
    public static Table CreateTable(string first, params string[] figures)
    {
        Table table = new Table().Border(TableBorder.Square).AddColumn(first);
        foreach (string figure in figures)
        {
            table.AddColumn(new TableColumn(figure).RightAligned());
        }

        return table;
    }

    /// <summary>How much of the model runs in int8.</summary>
    public static string Int8Nodes(PtqResult result)
    {
        string operators = string.Join(", ", result.Int8Operators.Select(pair => $"{pair.Key} {pair.Value}"));
        return $"ONNX Runtime runs {Figures.Count(result.Int8Nodes, "node")} in int8{(operators.Length > 0 ? $" ({operators})" : "")}, {Figures.Count(result.Conversions, "conversion")} to and from float.";
    }
}
