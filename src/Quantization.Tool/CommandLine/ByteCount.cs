using System.Globalization;

namespace Quantization.Tool;

/// <summary>Reads numbers of bytes as people write them.</summary>
internal static class ByteCount
{
    private static readonly (string Unit, double Bytes)[] Units =
    [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1), ("", 1),
    ];

    /// <summary>Reads a number with or without a unit, such as <c>1500000</c>, <c>500MB</c> or <c>1.2 GiB</c>.</summary>
    /// <returns>Null where the text is no number of bytes from 1 up.</returns>
    public static long? Parse(string text)
    {
        (string unit, double factor) = Array.Find(Units, each => text.EndsWith(each.Unit, StringComparison.OrdinalIgnoreCase));
        string number = text[..^unit.Length].TrimEnd();
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * factor is >= 1 and <= long.MaxValue / 2 and double bytes
            ? (long)bytes
            : null;
    }
}
