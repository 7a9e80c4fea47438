using System.Net;
using System.Text;

namespace Quantization.Reporting;

/// <summary>Writes HTML; every text that is not markup is encoded.</summary>
internal sealed class HtmlWriter
{
    private readonly StringBuilder _html = new();

    /// <summary>Markup as it is.</summary>
    public HtmlWriter Raw(string markup)
    {
        _html.Append(markup).Append('\n');
        return this;
    }

    /// <summary>An element with a text.</summary>
    public HtmlWriter Element(string name, string text) => Raw($"<{name}>{Encode(text)}</{name}>");

    /// <summary>A table; columns whose heading starts with <c>#</c> hold figures.</summary>
    public HtmlWriter Table(IReadOnlyList<string> headings, IEnumerable<(bool IsBest, IReadOnlyList<string> Cells)> rows)
    {
        string[] classes = [.. headings.Select(heading => heading.StartsWith('#') ? " class=\"n\"" : "")];
        _html.Append("<div class=\"scroll\"><table><thead><tr>");
        for (int i = 0; i < headings.Count; i++)
        {
            _html.Append("<th").Append(classes[i]).Append('>').Append(Encode(headings[i].TrimStart('#'))).Append("</th>");
        }

        _html.Append("</tr></thead><tbody>\n");
        foreach ((bool isBest, IReadOnlyList<string> cells) in rows)
        {
            _html.Append(isBest ? "<tr class=\"best\">" : "<tr>");
            for (int i = 0; i < cells.Count; i++)
            {
                _html.Append("<td").Append(classes[i]).Append('>').Append(Encode(cells[i])).Append("</td>");
            }

            _html.Append("</tr>\n");
        }

        return Raw("</tbody></table></div>");
    }

    public static string Encode(string text) => WebUtility.HtmlEncode(text);

    public override string ToString() => _html.ToString();
}
