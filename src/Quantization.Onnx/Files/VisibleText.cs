using System.Globalization;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// Text from files in messages. Names of nodes, tensors and files may hold any character; those that steer a terminal, break lines or turn
/// the direction of writing are shown as escapes instead.
/// </summary>
internal static class VisibleText
{
    private const int Longest = 200;

    /// <summary>The same, cut where it is long: a damaged file may hold anything in the place of a name.</summary>
    public static string Short(string text) => text.Length <= Longest ? Of(text) : Of(text[..Longest]) + "…";

    /// <summary>
    /// The text with <c>\n</c>, <c>\r</c> and <c>\t</c> for line breaks and tabs, and <c>\u001B</c> and the like for other control and
    /// format characters.
    /// </summary>
    public static string Of(string text)
    {
        if (!text.Any(IsInvisible))
        {
            return text;
        }

        StringBuilder visible = new(text.Length + 16);
        foreach (char character in text)
        {
            if (IsInvisible(character))
            {
                visible.Append(Escape(character));
            }
            else
            {
                visible.Append(character);
            }
        }

        return visible.ToString();
    }

    private static bool IsInvisible(char character) =>
        CharUnicodeInfo.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;

    private static string Escape(char character) => character switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}"),
    };
}
