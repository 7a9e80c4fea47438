using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Renders which nodes run on integers and which do not. Names that share a reason stand together.</summary>
internal static class NodeSection
{
    /// <summary>So many names are shown; the others open where they are wanted.</summary>
    private const int MaxNames = 4;

    public static void Render(HtmlWriter html, QuantizationReport report)
    {
        if (report.QuantizedNodes.Count > 0)
        {
            html.Section(report.Int8Operators.Count > 0 ? "What runs in int8" : "What was converted");
            Quantized(html, report);
        }

        if (report.FloatNodes.Count + report.FloatPatterns.Count > 0)
        {
            html.Section("What stays in float")
                .Table(["#Nodes", "Why", "Which"], [.. Rows(report.FloatNodes), .. Rows(report.FloatPatterns)]);
            if (report.FloatNodes.GroupBy(each => each.Value).Any(group => group.Count() > MaxNames))
            {
                html.Details($"All {Figure.Count(report.FloatNodes.Count)} nodes", report.FloatNodes.Keys);
            }
        }
    }

    private static IEnumerable<(RowMark Mark, IReadOnlyList<string> Cells)> Rows(IReadOnlyDictionary<string, string> reasons) =>
        reasons.GroupBy(each => each.Value, each => each.Key).OrderByDescending(group => group.Count()).Select(group => (
            RowMark.None, (IReadOnlyList<string>)[Figure.Count(group.Count()), group.Key, Names([.. group])]));

    private static void Quantized(HtmlWriter html, QuantizationReport report)
    {
        if (report.Int8Operators.Count > 0)
        {
            html.Element("p", "After ONNX Runtime has optimized the model on this machine, these nodes run on integers:")
                .Table(["Operator", "#Nodes"], report.Int8Operators.OrderByDescending(each => each.Value)
                    .Select(each => (RowMark.None, (IReadOnlyList<string>)[each.Key, Figure.Count(each.Value)])));
        }

        if (report.ConversionReasons.Count > 0)
        {
            html.Element("p", "Conversions between floats and codes cost time. These remain:")
                .Table(["Conversion", "#How many"], report.ConversionReasons.CountBy(reason => reason).OrderByDescending(each => each.Value)
                    .Select(each => (RowMark.None, (IReadOnlyList<string>)[each.Key, Figure.Count(each.Value)])));
        }

        html.Details($"The {Figure.Count(report.QuantizedNodes.Count)} nodes that were quantized", report.QuantizedNodes);
    }

    private static string Names(string[] names) =>
        string.Join(", ", names.Take(MaxNames)) + (names.Length > MaxNames ? $" and {Figure.Count(names.Length - MaxNames)} more" : "");
}
