using ScottPlot;

namespace Quantization.Reporting;

/// <summary>
/// The colours of pictures. In a drawing each is a stand-in that occurs nowhere else; in the page it becomes a variable of the style sheet,
/// so that one picture suits light, dark and print.
/// </summary>
internal static class Palette
{
    private static readonly Dictionary<string, string> Variables = [];

    public static Color Ink { get; } = Define("#010A01", "ink");

    public static Color Grid { get; } = Define("#010A02", "grid");

    public static Color Main { get; } = Define("#010A03", "main");

    public static Color Second { get; } = Define("#010A04", "second");

    /// <summary>What was kept, written or used.</summary>
    public static Color Kept { get; } = Define("#010A05", "kept");

    /// <summary>What loses most.</summary>
    public static Color Harm { get; } = Define("#010A07", "harm");

    /// <summary>What stays in float.</summary>
    public static Color Float { get; } = Define("#010A08", "float");

    /// <summary>What is in int8 with steps of its own.</summary>
    public static Color Steps { get; } = Define("#010A09", "steps");

    public static Color Range { get; } = Define("#010A06", "range");

    /// <summary>Puts the style sheet's variables in the place of the stand-ins.</summary>
    public static string UseVariables(string svg)
    {
        foreach ((string standIn, string variable) in Variables)
        {
            svg = svg.Replace($"\"{standIn}\"", $"\"var(--{variable})\"", StringComparison.OrdinalIgnoreCase);
        }

        return svg;
    }

    private static Color Define(string standIn, string variable)
    {
        Variables.Add(standIn, variable);
        return Color.FromHex(standIn);
    }
}
