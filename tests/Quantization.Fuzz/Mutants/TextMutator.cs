using System.Text;
using System.Text.RegularExpressions;

namespace Quantization.Fuzz.Mutants;

/// <summary>
/// Changes text such as JSON at random, mostly so that it can still be read: numbers and strings are exchanged for others.
/// </summary>
internal static partial class TextMutator
{
    private static readonly string[] Values =
    ["0", "-1", "1", "127", "128", "256", "2147483648", "1e400", "-1e-400", "9223372036854775808", "null", "true", "[]", "{}", "\"\"",
        "\"x\"", "\"NaN\"", "\"../x\"", "\"\\u0000\""];

    /// <summary>The changed text.</summary>
    public static byte[] Mutate(byte[] bytes, Random random)
    {
        if (random.Next(4) == 0)
        {
            return ByteMutator.Mutate(bytes, random);
        }

        string text = Encoding.UTF8.GetString(bytes);
        for (int i = 1 + random.Next(3); i > 0; i--)
        {
            Match[] values = [.. Value().Matches(text).Cast<Match>()];
            if (values.Length == 0)
            {
                break;
            }

            Match at = values[random.Next(values.Length)];
            string other = random.Next(2) == 0 ? values[random.Next(values.Length)].Value : Values[random.Next(Values.Length)];
            text = text[..at.Index] + other + text[(at.Index + at.Length)..];
        }

        return Encoding.UTF8.GetBytes(text);
    }

    [GeneratedRegex("\"[^\"]*\"|-?[0-9][0-9.eE+-]*|true|false|null")]
    private static partial Regex Value();
}
