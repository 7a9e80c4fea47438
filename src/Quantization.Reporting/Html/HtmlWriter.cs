using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Quantization.Reporting;

/// <summary>Writes HTML; every text that is not markup is encoded.</summary>
internal sealed partial class HtmlWriter
{
    /// <summary>Shorter texts fit into a column.</summary>
    private const int LongWord = 14;

    private readonly StringBuilder _html = new();
    private readonly List<(string Id, string Title)> _sections = [];

    /// <summary>The sections so far, for a table of contents.</summary>
    public IReadOnlyList<(string Id, string Title)> Sections => _sections;

    /// <summary>Markup as it is.</summary>
    public HtmlWriter Raw(string markup)
    {
        _html.Append(markup).Append('\n');
        return this;
    }

    /// <summary>An element with a text.</summary>
    public HtmlWriter Element(string name, string text) => Raw($"<{name}>{Encode(text)}</{name}>");

    /// <summary>The heading of a section, which the table of contents names.</summary>
    public HtmlWriter Section(string title)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"s{_sections.Count + 1}");
        _sections.Add((id, title));
        return Raw($"<h2 id=\"{id}\">{Encode(title)}</h2>");
    }

    /// <summary>A long list that opens where it is wanted; on paper it is open.</summary>
    public HtmlWriter Details(string summary, IEnumerable<string> items)
    {
        Raw($"<details><summary>{Encode(summary)}</summary><ul>");
        foreach (string item in items)
        {
            Element("li", item);
        }

        return Raw("</ul></details>");
    }

    /// <summary>A table; columns whose heading starts with <c>#</c> hold figures.</summary>
    public HtmlWriter Table(IReadOnlyList<string> headings, IEnumerable<(RowMark Mark, IReadOnlyList<string> Cells)> rows)
    {
        string[] classes = [.. headings.Select(heading => heading.StartsWith('#') ? " class=\"n\"" : "")];
        _html.Append("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        for (int i = 0; i < headings.Count; i++)
        {
            _html.Append("<th scope=\"col\"").Append(classes[i]).Append('>').Append(Encode(headings[i].TrimStart('#'))).Append("</th>");
        }

        _html.Append("</tr></thead><tbody>\n");
        foreach ((RowMark mark, IReadOnlyList<string> cells) in rows)
        {
            _html.Append(mark switch
            {
                RowMark.Kept => "<tr class=\"kept\">",
                RowMark.Harmful => "<tr class=\"harm\">",
                RowMark.InFloat => "<tr class=\"float\">",
                _ => "<tr>",
            });
            for (int i = 0; i < cells.Count; i++)
            {
                _html.Append("<td").Append(classes[i]).Append('>').Append(EncodeCell(cells[i])).Append("</td>");
            }

            _html.Append("</tr>\n");
        }

        return Raw("</tbody></table></div>");
    }

    public static string Encode(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A text whose long words may be broken between their parts, not anywhere.</summary>
    private static string EncodeCell(string text) =>
        text.Length < LongWord ? Encode(text) : string.Join("<wbr>", Parts().Split(text).Select(Encode));

    /// <summary>Behind the separators in names of layers, but not in numbers, and before a capital in names of operators.</summary>
    [GeneratedRegex(@"(?<=\w[/_])(?=\w{2})|(?<=\w\.)(?=[A-Za-z])|(?<=[a-z]{3})(?=[A-Z][a-z]{2})")]
    private static partial Regex Parts();

    public override string ToString() => _html.ToString();
}
