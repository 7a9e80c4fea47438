using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>
/// Rounding offsets as text: base64 of two bits for each, the first in the low bits of the first byte, 00 for 0, 01 for 1 and 11 for −1.
/// The last byte is filled up with 0.
/// </summary>
internal static class RoundingOffsets
{
    private const int PerByte = 4;

    /// <summary>The text of offsets.</summary>
    public static string Write(ReadOnlySpan<sbyte> offsets)
    {
        byte[] packed = new byte[(offsets.Length + PerByte - 1) / PerByte];
        for (int i = 0; i < offsets.Length; i++)
        {
            packed[i / PerByte] |= (byte)((offsets[i] & 3) << (2 * (i % PerByte)));
        }

        return Convert.ToBase64String(packed);
    }

    /// <summary>The offsets of a text; null where it is none.</summary>
    public static ImmutableArray<sbyte>? Read(string text)
    {
        byte[] packed = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, packed, out int bytes))
        {
            return null;
        }

        sbyte[] offsets = new sbyte[bytes * PerByte];
        for (int i = 0; i < offsets.Length; i++)
        {
            int bits = packed[i / PerByte] >> (2 * (i % PerByte)) & 3;
            if (bits == 2)
            {
                return null;
            }

            offsets[i] = (sbyte)(bits == 3 ? -1 : bits);
        }

        return [.. offsets];
    }

    /// <summary>How many offsets there are for so many weights: a multiple of four.</summary>
    public static long CountFor(long weights) => (weights + PerByte - 1) / PerByte * PerByte;
}
