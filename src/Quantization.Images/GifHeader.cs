namespace Quantization.Images;

/// <summary>Reads of a GIF what the decoder does not tell: the colour behind transparent pixels.</summary>
internal static class GifHeader
{
    private const int ScreenDescriptorEnd = 13;
    private const int ScreenFlags = 10;
    private const int ImageDescriptorLength = 10;
    private const int ImageFlags = 9;
    private const int ControlLength = 8;
    private const byte Extension = 0x21, Control = 0xF9, Image = 0x2C;

    /// <summary>
    /// The colour of the first picture's transparent pixels, and of what that picture does not cover. It is the palette's colour at the
    /// transparent index, or its first colour where no index is transparent; Pillow takes the same. Black where the file has no palette.
    /// </summary>
    public static (byte Red, byte Green, byte Blue) Background(ReadOnlySpan<byte> content)
    {
        if (content.Length < ScreenDescriptorEnd)
        {
            return default;
        }

        ReadOnlySpan<byte> palette = Palette(content[ScreenFlags], content[ScreenDescriptorEnd..]);
        int transparent = 0;
        int position = ScreenDescriptorEnd + palette.Length;
        while (position + ControlLength <= content.Length && content[position] == Extension)
        {
            if (content[position + 1] == Control)
            {
                transparent = (content[position + 3] & 1) != 0 ? content[position + 6] : 0;
            }

            position = AfterBlocks(content, position + 2);
        }

        if (position + ImageDescriptorLength <= content.Length && content[position] == Image)
        {
            ReadOnlySpan<byte> own = Palette(content[position + ImageFlags], content[(position + ImageDescriptorLength)..]);
            palette = own.IsEmpty ? palette : own;
        }

        int colour = 3 * transparent;
        return colour + 2 < palette.Length ? (palette[colour], palette[colour + 1], palette[colour + 2]) : default;
    }

    /// <summary>The palette that flags announce; empty where they announce none.</summary>
    private static ReadOnlySpan<byte> Palette(byte flags, ReadOnlySpan<byte> rest) =>
        (flags & 0x80) == 0 ? default : rest[..Math.Min(3 << ((flags & 7) + 1), rest.Length)];

    /// <summary>The position after a row of blocks, each led by its length, up to and including an empty one.</summary>
    private static int AfterBlocks(ReadOnlySpan<byte> content, int position)
    {
        while (position < content.Length && content[position] != 0)
        {
            position += content[position] + 1;
        }

        return position + 1;
    }
}
