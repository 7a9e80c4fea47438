using System.Globalization;
using System.Text;

namespace Quantization.Benchmarks.Support;

/// <summary>Draws lines and points as SVG in colours that can be read on white and on black.</summary>
internal static class LineChart
{
    private const double Left = 60;
    private const double Top = 46;
    private const double PlotWidth = 520;
    private const double PlotHeight = 360;
    private const double LegendLeft = Left + PlotWidth + 24;

    private static readonly string[] Colours =
        ["#3b82f6", "#ef4444", "#16a34a", "#d97706", "#a855f7", "#0891b2", "#db2777", "#84911c", "#78716c", "#c2620a", "#6366f1"];

    public static string Draw(
        string title, string horizontal, string vertical, IEnumerable<(string Name, (double X, double Y)[] Points)> series)
    {
        (string Name, (double X, double Y)[] Points)[] lines = [.. series];
        double minX = lines.Min(line => line.Points.Min(point => point.X));
        double maxX = lines.Max(line => line.Points.Max(point => point.X));
        double maxY = Math.Ceiling(lines.Max(line => line.Points.Max(point => point.Y)) / 10) * 10;
        double X(double x) => Left + (x - minX) / (maxX - minX) * PlotWidth;
        double Y(double y) => Top + PlotHeight - y / maxY * PlotHeight;

        StringBuilder svg = new();
        svg.AppendLine(
            """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 460" font-family="system-ui, sans-serif" font-size="13" role="img">""");
        Add(svg, $"<title>{title}</title>");
        svg.AppendLine(
            "<style>text{fill:#57606a}.grid{stroke:#8b949e;stroke-opacity:.35}.axis{stroke:#8b949e}@media(prefers-color-scheme:dark){text{fill:#b1bac4}}</style>");
        Add(svg, $"<text x=\"{Left}\" y=\"24\" font-size=\"16\" font-weight=\"600\">{title}</text>");
        for (double y = 0; y <= maxY; y += 10)
        {
            Add(
                svg,
                $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Left + PlotWidth}\" y1=\"{Y(y):F1}\" y2=\"{Y(y):F1}\"/><text x=\"{Left - 8}\" y=\"{Y(y) + 4:F1}\" text-anchor=\"end\">{y}</text>");
        }

        for (double x = minX; x <= maxX; x++)
        {
            Add(
                svg,
                $"<line class=\"grid\" x1=\"{X(x):F1}\" x2=\"{X(x):F1}\" y1=\"{Top}\" y2=\"{Top + PlotHeight}\"/><text x=\"{X(x):F1}\" y=\"{Top + PlotHeight + 20}\" text-anchor=\"middle\">{x}</text>");
        }

        Add(svg, $"<line class=\"axis\" x1=\"{Left}\" x2=\"{Left + PlotWidth}\" y1=\"{Y(0):F1}\" y2=\"{Y(0):F1}\"/>");
        Add(svg, $"<text x=\"{Left + PlotWidth / 2}\" y=\"{Top + PlotHeight + 42}\" text-anchor=\"middle\">{horizontal}</text>");
        Add(
            svg,
            $"<text x=\"18\" y=\"{Top + PlotHeight / 2}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {Top + PlotHeight / 2})\">{vertical}</text>");
        for (int i = 0; i < lines.Length; i++)
        {
            (double X, double Y)[] points = lines[i].Points;
            string colour = Colours[i % Colours.Length];
            if (points.Length > 1)
            {
                Add(
                    svg,
                    $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):F1},{Y(Math.Max(point.Y, 0)):F1}")))}\"/>");
            }

            foreach ((double x, double y) in points)
            {
                Add(
                    svg,
                    $"<circle cx=\"{X(x):F1}\" cy=\"{Y(Math.Max(y, 0)):F1}\" r=\"{(points.Length > 1 ? 3 : 5)}\" fill=\"{colour}\"><title>{lines[i].Name}, {x} bits: {y:F1} dB</title></circle>");
            }

            Add(
                svg,
                $"<circle cx=\"{LegendLeft}\" cy=\"{Top + 8 + 22 * i}\" r=\"5\" fill=\"{colour}\"/><text x=\"{LegendLeft + 12}\" y=\"{Top + 12 + 22 * i}\">{lines[i].Name}</text>");
        }

        return svg.AppendLine("</svg>").ToString();
    }

    private static void Add(StringBuilder svg, FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
