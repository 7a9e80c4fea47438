using System.Globalization;

namespace Quantization.Fuzz.Campaigns;

/// <summary>The number of a case, which is its seed.</summary>
internal static class CaseNumber
{
    /// <summary>Reads a number of the command line.</summary>
    /// <exception cref="ArgumentException">It is no number of at least 0.</exception>
    public static int Parse(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        ? number
        : throw new ArgumentException($"'{text}' is no number of at least 0.", nameof(text));
}
