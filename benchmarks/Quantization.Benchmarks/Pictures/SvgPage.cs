using System.Globalization;
using System.Security;
using System.Text;

namespace Quantization.Benchmarks.Pictures;

/// <summary>An SVG picture of boxes, arrows and words, in colours for light and dark pages. The background is left to the page.</summary>
internal sealed class SvgPage
{
    private const string LightColours =
        ".t{fill:#1f2328}.m{fill:#59636e}.box{fill:#f6f8fa;stroke:#8b949e}.float{fill:#fff3d6;stroke:#b7791f}"
        + ".int{fill:#dbeafe;stroke:#2563eb}.data{fill:#e6f4ea;stroke:#2e7d32}.line{stroke:#59636e}.head{fill:#59636e}"
        + ".grid{stroke:#d0d7de}.fit{fill:#2563eb}.rest{fill:#d0d7de}.bars{fill:#94a3b8}";

    private const string DarkColours =
        ".t{fill:#e6edf3}.m{fill:#9da7b3}.box{fill:#161b22;stroke:#6e7681}.float{fill:#3a2f14;stroke:#d29922}"
        + ".int{fill:#132b4f;stroke:#58a6ff}.data{fill:#14301c;stroke:#3fb950}.line{stroke:#9da7b3}.head{fill:#9da7b3}"
        + ".grid{stroke:#30363d}.fit{fill:#58a6ff}.rest{fill:#30363d}.bars{fill:#64748b}";

    private readonly StringBuilder _svg = new();

    /// <summary>An empty page.</summary>
    /// <param name="width">The width of its coordinates.</param>
    /// <param name="height">Their height.</param>
    /// <param name="title">What the picture shows, for those who hear it.</param>
    /// <param name="theme">Which colours it has.</param>
    public SvgPage(int width, int height, string title, SvgTheme theme = SvgTheme.Either)
    {
        string colours = theme switch
        {
            SvgTheme.Light => LightColours,
            SvgTheme.Dark => DarkColours,
            _ => $"{LightColours}@media(prefers-color-scheme:dark){{{DarkColours}}}",
        };
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"");
        Add($"  font-family=\"system-ui, sans-serif\" font-size=\"13\" role=\"img\">");
        Add($"<title>{SecurityElement.Escape(title)}</title>");
        Add($"<style>{colours}.line{{fill:none;stroke-width:1.6}}.box,.float,.int,.data{{stroke-width:1.2}}</style>");
    }

    /// <summary>Writes words.</summary>
    public SvgPage Text(
        double x, double y, string words, string style = "t", string anchor = "middle", double size = 13, bool isBold = false)
    {
        string weight = isBold ? " font-weight=\"600\"" : "";
        Add($"<text class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" font-size=\"{size:0.#}\"{weight}>");
        return Add($"{SecurityElement.Escape(words)}</text>");
    }

    /// <summary>Draws a box with words in its middle; a line that begins with a tilde is smaller.</summary>
    public SvgPage Box(double x, double y, double width, double height, string style, params string[] lines)
    {
        Add($"<rect class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{height:0.#}\" rx=\"6\"/>");
        double top = y + (height / 2) - ((lines.Length - 1) * 8.5) + 4.5;
        for (int i = 0; i < lines.Length; i++)
        {
            bool isSmall = lines[i].StartsWith('~');
            Text(x + (width / 2), top + (i * 17), lines[i].TrimStart('~'), isSmall ? "m" : "t", size: isSmall ? 11.5 : 13);
        }

        return this;
    }

    /// <summary>Draws a filled rectangle.</summary>
    public SvgPage Bar(double x, double y, double width, double height, string style) =>
        Add($"<rect class=\"{style}\" x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\"/>");

    /// <summary>Draws a line.</summary>
    public SvgPage Line(double fromX, double fromY, double toX, double toY, string style = "line") =>
        Add($"<line class=\"{style}\" x1=\"{fromX:0.#}\" y1=\"{fromY:0.#}\" x2=\"{toX:0.#}\" y2=\"{toY:0.#}\"/>");

    /// <summary>Draws an arrow to the right, or up or down where both ends have the same x.</summary>
    public SvgPage Arrow(double fromX, double fromY, double toX, double toY)
    {
        if (fromX == toX)
        {
            double back = toY > fromY ? -8 : 8;
            Line(fromX, fromY, toX, toY + back);
            return Add($"<path class=\"head\" d=\"M{toX - 4:0.#},{toY + back:0.#} L{toX:0.#},{toY:0.#} l4,{back:0.#} Z\"/>");
        }

        Line(fromX, fromY, toX - 6, toY);
        return Add($"<path class=\"head\" d=\"M{toX - 8:0.#},{toY - 4:0.#} L{toX:0.#},{toY:0.#} L{toX - 8:0.#},{toY + 4:0.#} Z\"/>");
    }

    /// <summary>The finished picture.</summary>
    public override string ToString() => $"{_svg}</svg>\n";

    private SvgPage Add(FormattableString line)
    {
        _svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        return this;
    }
}
