using System.Globalization;
using System.Text.RegularExpressions;
using ScottPlot;

namespace Quantization.Reporting;

/// <summary>A drawing as SVG to be put into a page.</summary>
internal static partial class Picture
{
    private const int LongestLabel = 26;

    /// <summary>Room for the half of the highest number beside the axis.</summary>
    private const int TopMargin = 8;

    /// <summary>Room for the half of the last number below the axis.</summary>
    private const int RightMargin = 18;

    private static readonly Lock Drawing = new();

    /// <summary>Begins a drawing in the house's style.</summary>
    public static Plot Create()
    {
        Plot plot = new();
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Axes.Color(Palette.Ink);
        plot.Grid.MajorLineColor = Palette.Grid;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Right.MinimumSize = RightMargin;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Axes.Top.MinimumSize = TopMargin;
        return plot;
    }

    /// <summary>The drawing as an <c>svg</c> element.</summary>
    /// <param name="plot">The drawing.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="label">What it shows, for those who cannot see it.</param>
    /// <param name="number">A number that no other picture of the page has: the names inside have to differ.</param>
    public static string ToSvg(Plot plot, int width, int height, string label, int number)
    {
        string svg = Draw(plot, width, height);
        svg = svg[svg.IndexOf("<svg", StringComparison.Ordinal)..];
        svg = Declaration().Replace(svg, "", 1);
        svg = FontFamily().Replace(svg, "");
        svg = Renumber(svg, number);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"<svg role=\"img\" aria-label=\"{System.Net.WebUtility.HtmlEncode(label)}\" viewBox=\"0 0 {width} "
                + $"{height}\">{Palette.UseVariables(Spaces().Replace(svg, "\n"))}");
    }

    /// <summary>A layer's name as a label: the end of a long name tells more than its start.</summary>
    public static string Shorten(string name) => name.Length <= LongestLabel ? name : "…" + name[^(LongestLabel - 1)..];

    /// <summary>The drawing library counts names on from picture to picture; here they depend on the picture alone.</summary>
    private static string Renumber(string svg, int number)
    {
        string[] names = [.. Identifier().Matches(svg).Select(match => match.Groups[1].Value).Distinct()];
        for (int i = 0; i < names.Length; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"p{number}-{i}");
            svg = svg.Replace($"id=\"{names[i]}\"", $"id=\"{name}\"", StringComparison.Ordinal)
                .Replace($"url(#{names[i]})", $"url(#{name})", StringComparison.Ordinal);
        }

        return svg;
    }

    /// <summary>Draws in the invariant culture: the numbers at the axes follow the thread's.</summary>
    private static string Draw(Plot plot, int width, int height)
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            lock (Drawing)
            {
                return plot.GetSvgXml(width, height);
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    /// <summary>The opening tag with its fixed size.</summary>
    [GeneratedRegex("^<svg[^>]*>")]
    private static partial Regex Declaration();

    /// <summary>The font of the machine that draws; the page's is taken instead.</summary>
    [GeneratedRegex(" font-family=\"[^\"]*\"")]
    private static partial Regex FontFamily();

    [GeneratedRegex(" id=\"([^\"]*)\"")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\s*\n\s*")]
    private static partial Regex Spaces();
}
