using System.Globalization;
using System.Text;

namespace Quantization.Onnx;

/// <summary>Text from files in messages: one line, without what a terminal obeys.</summary>
internal static class PlainText
{
    private const int Longest = 200;

    /// <summary>The text with control characters written as <c>\u001b</c>, and cut where it is long.</summary>
    public static string Of(string text)
    {
        if (text.Length <= Longest && !text.Any(char.IsControl))
        {
            return text;
        }

        StringBuilder plain = new();
        foreach (char each in text.AsSpan(0, Math.Min(text.Length, Longest)))
        {
            if (char.IsControl(each))
            {
                plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)each:x4}");
            }
            else
            {
                plain.Append(each);
            }
        }

        return text.Length > Longest ? plain.Append('…').ToString() : plain.ToString();
    }
}
